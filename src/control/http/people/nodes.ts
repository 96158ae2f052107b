// GET /v1/orgs/{org}/nodes, GET /v1/orgs/{org}/nodes/{node_id}, DELETE /v1/orgs/{org}/nodes/{node_id}/binding

import { organizationNode, organizationNodeList } from "../../../protocol/people.js";
import type { Routes } from "../../context.js";
import { createNodes } from "../../services/nodes.js";
import { route } from "../route.js";
import { inOrg, nodeOfOrg, pageOf, pageQuery } from "./parts.js";

export const nodes: Routes = (app, context, authentication) => {
  const service = createNodes(context);
  route(app, authentication, {
    method: "GET",
    url: "/v1/orgs/:org/nodes",
    summary: "The nodes bound to an organization",
    caller: "people",
    ...inOrg,
    query: pageQuery,
    answers: { 200: organizationNodeList },
    handler: async ({ actor, params, query }) => ({
      status: 200,
      body: await service.list(actor, params.org, pageOf(query)),
    }),
  });
  route(app, authentication, {
    method: "GET",
    url: "/v1/orgs/:org/nodes/:node_id",
    summary: "A node bound to an organization",
    caller: "people",
    ...nodeOfOrg,
    answers: { 200: organizationNode },
    problems: ["node_not_found"],
    handler: async ({ actor, params }) => ({
      status: 200,
      body: await service.show(actor, params.org, params.node_id),
    }),
  });
  route(app, authentication, {
    method: "DELETE",
    url: "/v1/orgs/:org/nodes/:node_id/binding",
    summary: "Unbind a node; also when it is not bound to this organization any more",
    caller: "people",
    ...nodeOfOrg,
    answers: { 204: null },
    problems: ["administrator_required"],
    async handler({ actor, params }) {
      await service.unbind(actor, params.org, params.node_id);
      return { status: 204 };
    },
  });
};
