// `jitnode org code refresh`: a new binding code; the old one never works again.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { orgOption, serverOption, type Command } from "../../command.js";
import { openPeople, resolveOrganization } from "../../control-plane.js";
import { line } from "../../output/line.js";
import { codeNote } from "./code-note.js";

export const command: Command = {
  summary: "Replace the binding code; the old one dies at once",
  description: "Members and nodes stay what they are. Any member may do it.",
  options: [serverOption, orgOption],
  examples: [{ line: "jitnode org code refresh", says: "After an invitation" }],
  schema: "org-code-refresh",
  async run(context) {
    const people = await openPeople(context);
    const answer = await people.refreshBindingCode(await resolveOrganization(context, people));
    context.output.result(answer, () => [line`${answer.binding_code}`]);
    context.output.note(line`The old code no longer works.`, codeNote);
    return exitCodes.done;
  },
};
