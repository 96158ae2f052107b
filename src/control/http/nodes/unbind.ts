// POST /v1/node/unbind: the node's operator releases it. No Idempotency-Key: the binding's id makes it repeatable.

import { asBindingId } from "../../../domain/ids.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { unbindRequest } from "../../../protocol/nodes.js";
import type { Routes } from "../../context.js";
import { createNodeBindings } from "../../services/node-binding.js";
import { route } from "../route.js";

export const unbind: Routes = (app, context, authentication) => {
  const bindings = createNodeBindings(context);
  route(app, authentication, {
    method: "POST",
    url: "/v1/node/unbind",
    summary: "End this binding of this node; also when it has ended already",
    caller: "node",
    body: unbindRequest,
    answers: { 204: null },
    async handler({ actor, body }) {
      const bindingId = asBindingId(body.binding_id);
      if (bindingId === undefined) throw new JitnodeError("invalid_request");
      await bindings.release(actor, bindingId);
      return { status: 204 };
    },
  });
};
