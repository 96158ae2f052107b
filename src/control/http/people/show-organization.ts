// GET /v1/orgs/{org}

import { organization } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createOrganizations } from "../../services/organizations.js";
import { route } from "../route.js";
import { inOrg } from "./parts.js";

export const showOrganization: Routes = (app, context, authentication) => {
  const organizations = createOrganizations(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/orgs/:org",
    summary: "An organization you belong to",
    caller: "people",
    ...inOrg,
    answers: { 200: organization },
    handler: async ({ actor, params }) => ({ status: 200, body: await organizations.show(actor, params.org) }),
  });
};
