// What a command prints: results on stdout (text, or JSON with --json), everything else on stderr.

import type { Clock } from "../../platform/clock.js";
import type { JitnodeError } from "../../protocol/errors.js";
import { toJson } from "./json.js";
import { joinLines, line, type Line } from "./line.js";
import type { Style } from "./style.js";

export interface Output {
  readonly json: boolean;
  /** The result: `value` fits the command's schema, `text` is the same for people. */
  result(value: unknown, text: () => readonly Line[]): void;
  /** For people, on stderr. */
  note(...lines: readonly Line[]): void;
  /** On stderr: what deserves attention. */
  warn(text: Line): void;
  /** Shows that something is waited for, until the returned function is called. */
  progress(text: Line): Promise<Progress>;
  error(error: JitnodeError): void;
  readonly style: Style;
}

export interface Progress {
  update(text: Line): void;
  stop(): void;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: Clock;
  readonly style: Style;
}

export function createOutput({ json, stdout, stderr, style }: OutputOptions): Output {
  const note = (...lines: readonly Line[]): void => void stderr.write(`${joinLines(lines)}\n`);
  return {
    json,
    style,
    note,
    warn: (text) => note(joinLines([style.yellow(line`Warning:`), text], " ")),
    result(value, text) {
      stdout.write(`${json ? toJson(value) : joinLines(text())}\n`);
    },
    async progress(text) {
      // Ora redraws a line that does not fit, and on a terminal that says it has no columns none does.
      if (!stderr.isTTY || stderr.columns === 0) {
        note(text);
        return { update: (next) => note(next), stop: () => undefined };
      }
      const { default: ora } = await import("ora");
      // Input stays ours: ora would swallow Ctrl-C of prompts that follow.
      const spinner = ora({ text, stream: stderr, discardStdin: false, color: false }).start();
      return {
        update: (next) => {
          spinner.text = next;
        },
        stop: () => void spinner.stop(),
      };
    },
    error(error) {
      if (json) {
        const { code, message, hint, retryAfter } = error;
        const body = { code, message, hint, ...(retryAfter === undefined ? {} : { retry_after: retryAfter }) };
        stdout.write(`${toJson({ error: body })}\n`);
        return;
      }
      const wait = error.retryAfter === undefined ? [] : [line`Wait ${error.retryAfter} s.`];
      note(
        joinLines([style.red(line`${error.message}`), style.dim(line`(${error.code})`)], " "),
        joinLines([line`${error.hint}`, ...wait], " "),
      );
    },
  };
}
