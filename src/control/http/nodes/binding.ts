// GET /v1/node/binding: message 7 of DESIGN section 3.

import { nodeBinding } from "../../../protocol/nodes.js";
import type { Routes } from "../../context.js";
import { createNodeBindings } from "../../services/node-binding.js";
import { route } from "../route.js";

export const binding: Routes = (app, context, authentication) => {
  const bindings = createNodeBindings(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/node/binding",
    summary: "This node's binding, or how its last one ended",
    caller: "node",
    answers: { 200: nodeBinding },
    handler: async ({ actor }) => ({ status: 200, body: await bindings.read(actor) }),
  });
};
