// `jitnode org members`: who belongs to an organization.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { columns } from "../../output/columns.js";

export const command: Command = {
  summary: "List the members of an organization",
  description: "With role, and whether they created the organization or joined by its code.",
  options: [serverOption, orgOption],
  examples: [{ line: "jitnode org members", says: "Of this node's organization" }],
  schema: "org-members",
  async run(context) {
    const people = await openPeople(context);
    const items = await people.members(await resolveOrganization(context, people));
    context.output.result({ items }, () =>
      columns([
        ["ACCOUNT", "ROLE", "JOINED", "BY", "NAME"],
        ...items.map((member) => [
          member.account_id,
          member.role,
          member.joined_at,
          member.joined_by,
          member.you ? `${member.name} (you)` : member.name,
        ]),
      ]),
    );
    return exitCodes.done;
  },
};
