// POST /v1/activations/{user_code}/denial

import { decisionAnswer, denialRequest } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createActivations } from "../../services/activations.js";
import { route } from "../route.js";
import { byUserCode, repeatOf } from "./parts.js";

export const denyActivation: Routes = (app, context, authentication) => {
  const activations = createActivations(context);
  route(app, authentication, {
    method: "POST",
    url: "/v1/activations/:user_code/denial",
    summary: "Deny an activation",
    caller: "activate",
    ...byUserCode,
    body: denialRequest,
    idempotent: true,
    answers: { 200: decisionAnswer },
    problems: [
      "activation_unknown",
      "activation_expired",
      "activation_cancelled",
      "activation_decided",
      "node_mismatch",
      "rate_limited",
    ],
    handler: async ({ actor, params, body, request }) => ({
      status: 200,
      body: await activations.deny(actor, params.user_code, body, repeatOf(request)),
    }),
  });
};
