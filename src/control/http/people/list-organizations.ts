// GET /v1/orgs

import { organizationList } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createOrganizations } from "../../services/organizations.js";
import { route } from "../route.js";
import { pageOf, pageQuery } from "./parts.js";

export const listOrganizations: Routes = (app, context, authentication) => {
  const organizations = createOrganizations(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/orgs",
    summary: "The organizations you belong to",
    caller: "activate",
    query: pageQuery,
    answers: { 200: organizationList },
    handler: async ({ actor, query }) => ({ status: 200, body: await organizations.list(actor, pageOf(query)) }),
  });
};
