// `jitnode org list`: the organizations one belongs to.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { serverOption, type Command } from "../../command.js";
import { openPeople } from "../../control-plane.js";
import { columns } from "../../output/columns.js";
import { line } from "../../output/line.js";

export const command: Command = {
  summary: "List your organizations",
  description: "Those you created and those you joined by their binding code.",
  options: [serverOption],
  examples: [{ line: "jitnode org list", says: "With your role, members and nodes" }],
  schema: "org-list",
  async run(context) {
    const items = await (await openPeople(context)).organizations();
    context.output.result({ items }, () =>
      items.length === 0
        ? [line`You do not belong to any organization yet.`]
        : columns([
            ["ID", "ROLE", "MEMBERS", "NODES", "NAME"],
            ...items.map(({ id, role, members, nodes, name }) => [id, role, `${members}`, `${nodes}`, name]),
          ]),
    );
    return exitCodes.done;
  },
};
