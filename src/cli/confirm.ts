// What destroys asks first; --yes answers. Without a terminal and without --yes it is not done.

import { JitnodeError } from "../protocol/errors.js";
import type { Input, Option } from "./command.js";
import type { Context } from "./context.js";
import type { Line } from "./output/line.js";

export const yesOption: Option = { name: "yes", description: "Do not ask" };

/**
 * Throws `confirmation_needed` when nobody can be asked, or the answer is no. A question that must be looked up first
 * costs nothing where it is not asked.
 */
export async function confirm(
  { prompts }: Context,
  input: Input,
  question: Line | (() => Promise<Line>),
): Promise<void> {
  if (input.has(yesOption.name)) return;
  if (!prompts.possible) throw new JitnodeError("confirmation_needed");
  const asked = typeof question === "string" ? question : await question();
  if (!(await prompts.confirm(asked, false))) {
    throw new JitnodeError("confirmation_needed", { message: "Nothing was changed.", hint: "Answer y to go on." });
  }
}
