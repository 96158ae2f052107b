// Consent to the agreement: by a flag, or asked after the text was shown. What is sent is the version that was shown.

import type { PeopleClient } from "../client/people.js";
import { JitnodeError } from "../protocol/errors.js";
import type { Context } from "./context.js";
import type { Option } from "./command.js";
import { line, toLines } from "./output/line.js";

export const agreementOption: Option = {
  name: "accept-agreement",
  description: "Accept the control plane's agreement for creators of organizations",
};

/** The version agreed to; throws `agreement_required`. */
export async function agree(context: Context, people: PeopleClient, accepted: boolean): Promise<string> {
  const { version, text } = await people.agreement();
  if (accepted) return version;
  if (!context.prompts.possible) {
    throw new JitnodeError("agreement_required", {
      hint: line`Read it at ${people.issuer}/agreement, then repeat the command with --accept-agreement.`,
    });
  }
  context.output.note(line``, ...toLines(text.trimEnd()), line``);
  if (await context.prompts.confirm(line`Do you accept this agreement?`, false)) return version;
  throw new JitnodeError("agreement_required", { message: "The agreement was not accepted; nothing was created." });
}
