// A line for a terminal: text of ours as it is, everything put into it escaped. Only such lines reach the output, so
// that no name or message from elsewhere can move the cursor.

import type { Brand } from "../../domain/brand.js";
import { escapeForTerminal } from "../../domain/escape.js";

export type Line = Brand<string, "Line">;

/** line`Node ${name} is bound.`: what is a Line already stays as it is. */
export function line(parts: TemplateStringsArray, ...values: readonly (string | number)[]): Line {
  return String.raw({ raw: parts }, ...values.map((value) => escapeForTerminal(String(value)))) as Line;
}

/** Several lines, or parts, that are safe already. */
export const joinLines = (lines: readonly Line[], separator = "\n"): Line => lines.join(separator) as Line;

/** Text of many lines from elsewhere (an agreement): escaped line by line. */
export const toLines = (text: string): readonly Line[] => text.split(/\r?\n/).map((part) => line`${part}`);
