// What is shown while something is waited for that only the control plane can bring: that it waits and, once for each
// change, why nothing can come at the moment.

import { line, joinLines, type Line } from "./line.js";
import type { Output } from "./output.js";

export interface Waiting {
  /** Why nothing can come at the moment. */
  trouble(why: Line): void;
  /** Nothing is known to be wrong. `again`: the control plane was away, and has answered since. */
  well(again: boolean): void;
  stop(): void;
}

export async function showWaiting(output: Output, text: Line): Promise<Waiting> {
  const progress = await output.progress(text);
  let told: Line | undefined;
  const tell = (trouble: Line | undefined, shown: Line): void => {
    if (trouble !== told) progress.update(shown);
    told = trouble;
  };
  return {
    trouble: (why) => tell(why, joinLines([text, why], " ")),
    well: (again) => tell(undefined, again ? line`The control plane answers again. ${text}` : text),
    stop: () => progress.stop(),
  };
}

/** `why` is a sentence, `then` what is done about it. */
export const describeOutage = (since: string, why: string, then: Line): Line =>
  line`No connection to the control plane since ${since}: ${why} ${then}`;

export const sentenceOf = ({ message, code }: { readonly message: string; readonly code: string }): string =>
  `${message} (${code})`;
