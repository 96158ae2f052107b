// GET /v1/orgs/{org}/members, DELETE /v1/orgs/{org}/members/{account_id}

import { memberList, removalAnswer } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createMembers } from "../../services/members.js";
import { route } from "../route.js";
import { inOrg, memberOfOrg, pageOf, pageQuery } from "./parts.js";

export const members: Routes = (app, context, authentication) => {
  const service = createMembers(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/orgs/:org/members",
    summary: "The members of an organization",
    caller: "people",
    ...inOrg,
    query: pageQuery,
    answers: { 200: memberList },
    handler: async ({ actor, params, query }) => ({
      status: 200,
      body: await service.list(actor, params.org, pageOf(query)),
    }),
  });
  route(app, authentication, {
    method: "DELETE",
    url: "/v1/orgs/:org/members/:account_id",
    summary: "Remove a member and refresh the binding code they knew; 204 when there was nobody to remove",
    caller: "people",
    ...memberOfOrg,
    answers: { 200: removalAnswer, 204: null },
    problems: ["administrator_required", "last_administrator"],
    async handler({ actor, params }) {
      const removed = await service.remove(actor, params.org, params.account_id);
      return removed === undefined ? { status: 204 } : { status: 200, body: removed };
    },
  });
};
