// `jitnode org code`: the binding code, for any member.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { codeNote } from "./code-note.js";
import { line } from "../../output/line.js";

export const command: Command = {
  summary: "Show the binding code of an organization",
  description: "Whoever has the code can join the organization and bind nodes to it.",
  options: [serverOption, orgOption],
  examples: [
    { line: "jitnode org code", says: "To invite somebody; refresh it afterwards" },
    { line: "jitnode org code --org acme > code.txt", says: "The code alone goes to stdout" },
  ],
  schema: "org-code",
  async run(context) {
    const people = await openPeople(context);
    const answer = await people.bindingCode(await resolveOrganization(context, people));
    context.output.result(answer, () => [line`${answer.binding_code}`]);
    context.output.note(codeNote);
    return exitCodes.done;
  },
};
