// Wrong attempts around a service call: refused while paused, counted when the answer says that something was guessed,
// forgotten after a right one. Outside of the call's transaction, so that its rollback does not take a count back; and
// in turn, so that many guesses at once do not all pass the check before the first of them is counted.

import { JitnodeError, type ErrorCode } from "../../protocol/errors.js";
import type { ControlContext, LimitName, LimitSubject } from "../context.js";

/** Which refusal is a wrong attempt at what. Asking for a taken id tells that it exists: counted as a use. */
const wrongAttempts: Partial<Record<ErrorCode, LimitName>> = {
  activation_unknown: "user_code",
  binding_code_invalid: "binding_code",
  org_id_taken: "org_creation",
};

export function limited<T extends { readonly replayed: boolean }>(
  context: Pick<ControlContext, "limits">,
  subject: LimitSubject,
  names: readonly LimitName[],
  call: () => Promise<T>,
): Promise<T> {
  return context.limits.inTurn(subject, () => checkAndCount(context, subject, names, call));
}

async function checkAndCount<T extends { readonly replayed: boolean }>(
  context: Pick<ControlContext, "limits">,
  subject: LimitSubject,
  names: readonly LimitName[],
  call: () => Promise<T>,
): Promise<T> {
  const failedBefore = new Set<LimitName>();
  for (const name of names) if (await context.limits.check(name, subject)) failedBefore.add(name);
  let result: T;
  try {
    result = await call();
  } catch (error) {
    const name = error instanceof JitnodeError ? wrongAttempts[error.code] : undefined;
    if (name !== undefined && names.includes(name)) await context.limits.count(name, subject);
    throw error;
  }
  if (result.replayed) return result;
  for (const name of names) {
    if (name === "org_creation") await context.limits.count(name, subject);
    else if (failedBefore.has(name)) await context.limits.clear(name, subject);
  }
  return result;
}
