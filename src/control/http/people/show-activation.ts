// GET /v1/activations/{user_code}: message 4 of DESIGN section 3.

import { activation } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createActivations } from "../../services/activations.js";
import { route } from "../route.js";
import { byUserCode } from "./parts.js";

export const showActivation: Routes = (app, context, authentication) => {
  const activations = createActivations(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/activations/:user_code",
    summary: "What asks to be activated",
    caller: "activate",
    ...byUserCode,
    answers: { 200: activation },
    problems: ["activation_unknown", "activation_expired", "activation_cancelled", "rate_limited"],
    handler: async ({ actor, params }) => ({ status: 200, body: await activations.show(actor, params.user_code) }),
  });
};
