// `jitnode org join`: becomes a member by an organization's binding code.

import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import { askBindingCode, bindingCodeOption, readBindingCode } from "../../binding-code.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { openPeople } from "../../control-plane.js";
import { describeOrganization } from "../../describe-organization.js";
import { joinExpected } from "../../join-organization.js";
import { line } from "../../output/line.js";

export const command: Command = {
  summary: "Join an organization by its binding code",
  description:
    "Ask a member for the code. It is read from a prompt, a file or standard input, since arguments are seen by others.\n" +
    "With --org or JITNODE_ORG nothing is joined if the code is another organization's.",
  options: [bindingCodeOption, serverOption, orgOption],
  examples: [
    { line: "jitnode org join", says: "Asks for the code" },
    { line: "jitnode org join --binding-code-file - < code.txt", says: "Without a question" },
  ],
  schema: "org-join",
  async run(context, input) {
    const file = input.option(bindingCodeOption.name) ?? context.settings.text("bindingCodeFile");
    if (file === undefined && !context.prompts.possible) {
      throw new JitnodeError("input_needed", {
        message: "Joining needs a binding code.",
        hint: "Give it with --binding-code-file FILE, or - for standard input.",
      });
    }
    const given = file === undefined ? undefined : await readBindingCode(context, file);
    const people = await openPeople(context);
    const code = given ?? (await askBindingCode(context, line`Binding code`));
    const expected = context.settings.text("org");
    const constraint = context.flags.org === undefined ? "JITNODE_ORG" : "--org";
    const organization =
      expected === undefined
        ? await people.joinOrganization({ binding_code: code })
        : await joinExpected(people, code, { org: expected, constraint });
    context.output.result(organization, () => describeOrganization(organization));
    return exitCodes.done;
  },
};
