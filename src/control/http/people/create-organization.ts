// POST /v1/orgs

import { createOrganizationRequest, organization } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createOrganizations } from "../../services/organizations.js";
import { route } from "../route.js";
import { creationProblems, repeatOf } from "./parts.js";

export const createOrganization: Routes = (app, context, authentication) => {
  const organizations = createOrganizations(context);
  route(app, authentication, {
    method: "POST",
    url: "/v1/orgs",
    summary: "Create an organization and become its administrator",
    caller: "activate",
    body: createOrganizationRequest,
    idempotent: true,
    answers: { 201: organization },
    // org_not_found: a repeat by somebody who was removed since.
    problems: [...creationProblems, "org_not_found"],
    async handler({ actor, body, request }) {
      const made = await organizations.create(actor, body, repeatOf(request));
      return { status: 201, body: made, headers: { location: `/v1/orgs/${made.id}` } };
    },
  });
};
