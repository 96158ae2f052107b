// `jitnode org create`: an organization of one's own, without a node.

import { asName } from "../../../domain/names.js";
import { checkNewOrganizationId } from "../../../domain/ids.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import { agree, agreementOption } from "../../agreement.js";
import { serverOption, type Command } from "../../command.js";
import { openPeople } from "../../control-plane.js";
import { describeOrganization } from "../../describe-organization.js";
import { askOrganizationName } from "../../organization-prompts.js";

export const command: Command = {
  summary: "Create an organization",
  description: "You become its administrator. The ID is fixed for life and never given again.",
  arguments: [{ name: "ID", description: "3 to 40 lower-case letters, digits and dashes", required: true }],
  options: [
    { name: "name", value: "NAME", description: "What people see; asked for if not given" },
    agreementOption,
    serverOption,
  ],
  examples: [{ line: 'jitnode org create acme --name "Acme Inc." --accept-agreement', says: "Without a question" }],
  schema: "org-create",
  async run(context, input) {
    const id = input.argument("ID") ?? "";
    const check = checkNewOrganizationId(id);
    if (!check.ok) throw new JitnodeError(check.reason);
    const given = input.option("name");
    if (given === undefined && !context.prompts.possible) {
      throw new JitnodeError("input_needed", {
        message: "The organization needs a name.",
        hint: "Give it with --name.",
      });
    }
    const people = await openPeople(context);
    const name = asName(given ?? (await askOrganizationName(context)));
    if (name === undefined) throw new JitnodeError("org_name_invalid");
    const agreement = await agree(context, people, input.has(agreementOption.name));
    const organization = await people.createOrganization({ id, name, agreement });
    context.output.result(organization, () => describeOrganization(organization));
    return exitCodes.done;
  },
};
