// Hints name commands; what was said by a flag must be said again, or the next command asks another control plane.

import { JitnodeError } from "../protocol/errors.js";
import type { Context } from "./context.js";

/** Commands that ask a control plane; of one organization, all but the first two and `list`, `create` and `join`. */
const named = /`jitnode (login|whoami|org [a-z]+(?: refresh)?|node show)`/g;
const ofNoOrganization = /^(?:login|whoami|org (?:list|create|join))$/;
/** As it can be typed again without quotes; anything else is only alluded to. */
const plain = /^[\w.:/[\]-]+$/;

/** The same error, its hint with `--server` and `--org` as they were given to this command. */
export function repeatFlags(error: JitnodeError, { server, org }: Context["flags"]): JitnodeError {
  const flag = (name: string, value: string | undefined): string =>
    value === undefined ? "" : ` ${name} ${plain.test(value) ? value : "…"}`;
  const hint = error.hint.replace(
    named,
    (_all, words: string) =>
      `\`jitnode ${words}${flag("--server", server)}${ofNoOrganization.test(words) ? "" : flag("--org", org)}\``,
  );
  const { message, retryAfter, log, cause } = error;
  return new JitnodeError(error.code, {
    message,
    hint,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(log === undefined ? {} : { log }),
    cause,
  });
}
