// `jitnode node show`: a node as the control plane knows it.

import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { findNode, nodeArgument } from "../../find-node.js";
import { facts } from "../../output/columns.js";

export const command: Command = {
  summary: "Show a node of an organization",
  description: "What its control plane knows about it; `jitnode status` asks the daemon on this machine instead.",
  arguments: [nodeArgument("A node's ID or its name; this node if not given")],
  options: [serverOption, orgOption],
  examples: [
    { line: "jitnode node show", says: "This node" },
    { line: "jitnode node show build-7 --org acme", says: "Another one, by its name" },
  ],
  schema: "node-show",
  async run(context, input) {
    const given = input.argument("NODE");
    const own = given === undefined ? await (await context.daemon()).status() : undefined;
    if (own !== undefined && own.binding === null) throw new JitnodeError("not_bound");
    const people = await openPeople(context);
    const org = await resolveOrganization(context, people);
    const node = await findNode(people, org, given ?? own?.node.id ?? "");
    context.output.result({ organization_id: org, ...node }, () =>
      facts([
        ["Node", `${node.id} (${node.name})`],
        ["Organization", org],
        ["State", node.state],
        ["Last seen", node.last_seen_at ?? "never"],
        ["Version", node.version],
        ["System", node.os],
        ["Key", node.key_thumbprint],
        ["Bound", `${node.bound_at}, by ${node.bound_by.account_id} (${node.bound_by.name})`],
        ...(node.possible_copy_at === null ? [] : [["Possible copy", `since ${node.possible_copy_at}`] as const]),
      ]),
    );
    return exitCodes.done;
  },
};
