// `jitnode org nodes`: the nodes of an organization.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { columns } from "../../output/columns.js";
import { line } from "../../output/line.js";

export const command: Command = {
  summary: "List the nodes of an organization",
  description: "With their state as the control plane sees it. POSSIBLE COPY: two machines may run with the same key.",
  options: [serverOption, orgOption],
  examples: [{ line: "jitnode org nodes", says: "Of this node's organization" }],
  schema: "org-nodes",
  async run(context) {
    const people = await openPeople(context);
    const items = await people.nodes(await resolveOrganization(context, people));
    context.output.result({ items }, () =>
      items.length === 0
        ? [line`No node is bound to it.`]
        : columns([
            ["NODE", "STATE", "LAST SEEN", "VERSION", "NAME"],
            ...items.map((node) => [
              node.id,
              node.possible_copy_at === null ? node.state : `${node.state}, POSSIBLE COPY`,
              node.last_seen_at ?? "never",
              node.version,
              node.name,
            ]),
          ]),
    );
    return exitCodes.done;
  },
};
