// GET /v1/orgs/{org}/binding-code, POST /v1/orgs/{org}/binding-code/refresh

import { bindingCodeAnswer } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createBindingCodes } from "../../services/binding-codes.js";
import { route } from "../route.js";
import { inOrg, repeatOf } from "./parts.js";

export const bindingCode: Routes = (app, context, authentication) => {
  const codes = createBindingCodes(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/orgs/:org/binding-code",
    summary: "The current binding code; any member may see it",
    caller: "people",
    ...inOrg,
    answers: { 200: bindingCodeAnswer },
    handler: async ({ actor, params }) => ({ status: 200, body: await codes.show(actor, params.org) }),
  });
  route(app, authentication, {
    method: "POST",
    url: "/v1/orgs/:org/binding-code/refresh",
    summary: "Replace the binding code; the old one is dead when this answers",
    caller: "people",
    ...inOrg,
    idempotent: true,
    answers: { 200: bindingCodeAnswer },
    problems: ["rate_limited"],
    handler: async ({ actor, params, request }) => ({
      status: 200,
      body: await codes.refresh(actor, params.org, repeatOf(request)),
    }),
  });
};
