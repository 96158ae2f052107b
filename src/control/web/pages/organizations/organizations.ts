// All pages of organizations.

import type { FastifyInstance } from "fastify";
import type { Site } from "../../site.js";
import { activityPage } from "./activity.js";
import { bindingCodePages } from "./binding-code.js";
import { createPage } from "./create.js";
import { joinPage } from "./join.js";
import { livePages } from "./live.js";
import { membersPages } from "./members.js";
import { nodesPages } from "./nodes.js";
import { overviewPage } from "./overview.js";

const parts: readonly ((app: FastifyInstance, site: Site) => void)[] = [
  createPage,
  joinPage,
  overviewPage,
  bindingCodePages,
  membersPages,
  nodesPages,
  activityPage,
  livePages,
];

export function organizationPages(app: FastifyInstance, site: Site): void {
  for (const part of parts) part(app, site);
}
