// `jitnode node unbind`: this node through its daemon, as its operator; another one through the control plane, as an
// administrator.

import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes, type ExitCode } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command, type Input } from "../../command.js";
import { confirm, yesOption } from "../../confirm.js";
import type { Context } from "../../context.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { findNode, nodeArgument } from "../../find-node.js";
import { line } from "../../output/line.js";

export const command: Command = {
  summary: "End a node's binding to its organization",
  description:
    "Without NODE: this node, through its daemon; works also while the control plane is away.\n" +
    "With NODE: through the control plane, as an administrator of the organization.",
  arguments: [nodeArgument("A node's ID or its name; this node if not given")],
  options: [yesOption, serverOption, orgOption],
  examples: [
    { line: "jitnode node unbind", says: "This node; asks before it does it" },
    { line: "jitnode node unbind build-7 --org acme --yes", says: "Another one" },
  ],
  schema: "node-unbind",
  run(context, input) {
    const wanted = input.argument("NODE");
    return wanted === undefined ? unbindThis(context, input) : unbindOther(context, input, wanted);
  },
};

async function unbindThis(context: Context, input: Input): Promise<ExitCode> {
  const { server, org: named } = context.flags;
  if (server !== undefined || named !== undefined) {
    throw new JitnodeError("usage", {
      message: "--server and --org need a NODE; without one, this node is unbound from what it is bound to.",
      hint: "Name the node, or leave them out.",
    });
  }
  const daemon = await context.daemon();
  const { node, binding } = await daemon.status();
  if (binding === null) throw new JitnodeError("not_bound", { hint: "There is nothing to unbind." });
  const org = binding.organization.id;
  await confirm(context, input, line`Unbind this node, ${node.name} (${node.id}), from ${org}?`);
  const { binding_id, confirmed } = await daemon.releaseBinding();
  context.output.result({ node_id: node.id, organization_id: org, binding_id, confirmed }, () => [
    line`${node.id} is not bound to ${org} any more.`,
  ]);
  if (!confirmed) {
    context.output.note(line`The control plane could not be told yet; the daemon goes on trying.`);
  }
  return exitCodes.done;
}

async function unbindOther(context: Context, input: Input, wanted: string): Promise<ExitCode> {
  const people = await openPeople(context);
  const org = await resolveOrganization(context, people);
  const node = await findNode(people, org, wanted);
  await confirm(context, input, line`Unbind ${node.name} (${node.id}) from ${org}?`);
  await people.unbindNode(org, node.id);
  const result = { node_id: node.id, organization_id: org, binding_id: node.binding_id, confirmed: true };
  context.output.result(result, () => [line`${node.id} is not bound to ${org} any more.`]);
  return exitCodes.done;
}
