// `jitnode whoami`: the account of the stored session, as the control plane knows it.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { serverOption, type Command } from "../../command.js";
import { openPeople } from "../../control-plane.js";
import { facts } from "../../output/columns.js";

export const command: Command = {
  summary: "Show as whom you are signed in, and where",
  description: "Asks the control plane, so a session that was revoked is not shown as one.",
  options: [serverOption],
  examples: [{ line: "jitnode whoami", says: "Account and control plane" }],
  schema: "whoami",
  async run(context) {
    const people = await openPeople(context);
    const me = await people.me();
    context.output.result({ server: people.issuer, ...me }, () =>
      facts([
        ["Account", `${me.account.id} (${me.account.name})`],
        ["Control plane", people.issuer],
        ["May create organizations", me.may_create_organizations ? "yes" : "no"],
      ]),
    );
    return exitCodes.done;
  },
};
