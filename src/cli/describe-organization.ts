// An organization in words.

import type { Organization } from "../protocol/people.js";
import { facts } from "./output/columns.js";
import type { Line } from "./output/line.js";

export const describeOrganization = (organization: Organization): readonly Line[] =>
  facts([
    ["ID", organization.id],
    ["Name", organization.name],
    ["Your role", organization.role],
    ["Members", String(organization.members)],
    ["Nodes", String(organization.nodes)],
    ["Created", organization.created_at],
  ]);
