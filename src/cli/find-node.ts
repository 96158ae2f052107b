// NODE: a node id, or a name that is unique in the organization.

import type { PeopleClient } from "../client/people.js";
import { asNodeId } from "../domain/ids.js";
import { JitnodeError } from "../protocol/errors.js";
import type { OrganizationNode } from "../protocol/people.js";
import type { Argument } from "./command.js";
import { line } from "./output/line.js";
import { typed } from "./output/typed.js";

export const nodeArgument = (description: string): Argument => ({ name: "NODE", description, required: false });

/** Throws `node_not_found`, `node_ambiguous`. */
export async function findNode(people: PeopleClient, org: string, wanted: string): Promise<OrganizationNode> {
  const id = asNodeId(wanted);
  if (id !== undefined) return people.node(org, id);
  const [only, ...others] = (await people.nodes(org)).filter((node) => node.name === wanted);
  if (only === undefined) {
    const malformed = wanted.startsWith("JN_") ? " A node's ID is JN_ and 16 letters and digits." : "";
    throw new JitnodeError("node_not_found", { message: line`${org} has no node ${typed(wanted)}.${malformed}` });
  }
  if (others.length > 0) {
    const ids = [only, ...others].map((node) => node.id).join(", ");
    throw new JitnodeError("node_ambiguous", { message: line`${org} has more than one node ${wanted}: ${ids}.` });
  }
  return only;
}
