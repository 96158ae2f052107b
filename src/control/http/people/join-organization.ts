// POST /v1/orgs/join

import { joinRequest, organization } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createOrganizations } from "../../services/organizations.js";
import { route } from "../route.js";
import { repeatOf } from "./parts.js";

export const joinOrganization: Routes = (app, context, authentication) => {
  const organizations = createOrganizations(context);
  route(app, authentication, {
    method: "POST",
    url: "/v1/orgs/join",
    summary: "Join an organization by its binding code; also when you are a member already",
    caller: "activate",
    body: joinRequest,
    idempotent: true,
    answers: { 200: organization },
    problems: ["binding_code_invalid", "rate_limited"],
    handler: async ({ actor, body, request }) => ({
      status: 200,
      body: await organizations.join(actor, body, repeatOf(request)),
    }),
  });
};
