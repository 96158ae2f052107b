// POST /v1/activations/{user_code}/approval: message 5 of DESIGN section 3.

import { approvalAnswer, approvalRequest } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createActivations } from "../../services/activations.js";
import { route } from "../route.js";
import { byUserCode, creationProblems, repeatOf } from "./parts.js";

export const approveActivation: Routes = (app, context, authentication) => {
  const activations = createActivations(context);
  route(app, authentication, {
    method: "POST",
    url: "/v1/activations/:user_code/approval",
    summary: "Approve an activation: bind the node to an organization that is created, chosen or joined by this",
    caller: "activate",
    ...byUserCode,
    body: approvalRequest,
    idempotent: true,
    answers: { 200: approvalAnswer },
    problems: [
      "activation_unknown",
      "activation_expired",
      "activation_cancelled",
      "activation_decided",
      "number_wrong",
      "node_mismatch",
      "node_already_bound",
      "org_mismatch",
      "org_not_found",
      "binding_code_invalid",
      ...creationProblems,
    ],
    handler: async ({ actor, params, body, request }) => ({
      status: 200,
      body: await activations.approve(actor, params.user_code, body, repeatOf(request)),
    }),
  });
};
