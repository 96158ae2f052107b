// `jitnode org remove`: ends somebody's membership, as an administrator.

import type { PeopleClient } from "../../../client/people.js";
import { asAccountId, type AccountId } from "../../../domain/ids.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { confirm, yesOption } from "../../confirm.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { line, type Line } from "../../output/line.js";

export const command: Command = {
  summary: "Remove a member from an organization",
  description:
    "Only an administrator may. The binding code is refreshed with it, since the removed person knew it.\n" +
    "Nodes that they activated stay bound.",
  arguments: [{ name: "ACCOUNT_ID", description: "As `jitnode org members` shows it: JP_…", required: true }],
  options: [yesOption, serverOption, orgOption],
  examples: [{ line: "jitnode org remove JP_8f3kQ2mZ7pVbT4sW", says: "Asks before it does it" }],
  schema: "org-remove",
  async run(context, input) {
    const account = asAccountId(input.argument("ACCOUNT_ID") ?? "");
    if (account === undefined) {
      throw new JitnodeError("usage", {
        message: "This is not an account ID: that is JP_ and 16 letters and digits, without 0, O, I and l.",
        hint: "`jitnode org members` shows the ID of each member.",
      });
    }
    const people = await openPeople(context);
    const org = await resolveOrganization(context, people);
    await confirm(context, input, () => ask(people, org, account));
    const refreshed = await people.removeMember(org, account);
    context.output.result({ organization_id: org, removed: account, binding_code_refreshed: refreshed }, () => [
      refreshed
        ? line`${account} is not a member of ${org} any more.`
        : line`${account} is not a member of ${org}: there was nothing to remove. See jitnode org members.`,
    ]);
    if (refreshed) context.output.note(line`The binding code was refreshed: see it with jitnode org code.`);
    return exitCodes.done;
  },
};

/** By name and role: an ID alone says to nobody whom it removes. */
async function ask(people: PeopleClient, org: string, account: AccountId): Promise<Line> {
  const member = (await people.members(org)).find(({ account_id }) => account_id === account);
  if (member === undefined) return line`${account} is not a member of ${org}. Remove it all the same?`;
  const role = member.role === "administrator" ? "an administrator" : "a regular member";
  return line`Remove ${member.name} (${account}), ${role}, from ${org}?`;
}
