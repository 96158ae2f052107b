// Times as people type them: 500ms, 30s, 10m, 2h, or seconds alone.

import { JitnodeError } from "../protocol/errors.js";
import { line } from "./output/line.js";
import { typed } from "./output/typed.js";

const units: Readonly<Record<string, number>> = { ms: 1, "": 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** What a timer of Node.js can hold. */
const most = 2 ** 31 - 1;

/** Milliseconds; throws `usage`. */
export function parseDuration(text: string): number {
  const match = /^([0-9]{1,9})(ms|s|m|h|d|)$/.exec(text);
  const milliseconds = Number(match?.[1]) * (units[match?.[2] ?? ""] ?? Number.NaN);
  if (!(milliseconds > 0 && milliseconds <= most)) {
    throw new JitnodeError("usage", {
      message: line`${typed(text)} is not a time.`,
      hint: "Write it as 30s, 10m or 2h; at most 24d.",
    });
  }
  return milliseconds;
}
