// `jitnode org show`: one organization.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { describeOrganization } from "../../describe-organization.js";

export const command: Command = {
  summary: "Show an organization",
  description: "Name, your role, members and nodes of one organization.",
  options: [serverOption, orgOption],
  examples: [
    { line: "jitnode org show", says: "This node's organization" },
    { line: "jitnode org show --org acme", says: "Another one" },
  ],
  schema: "org-show",
  async run(context) {
    const people = await openPeople(context);
    const organization = await people.organization(await resolveOrganization(context, people));
    context.output.result(organization, () => describeOrganization(organization));
    return exitCodes.done;
  },
};
