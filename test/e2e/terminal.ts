// Owns running the command line at a real pseudo-terminal: what is on the screen, and keys to press.
import { join } from "node:path";
import { spawn } from "@lydell/node-pty";
import { checkout } from "../support/checkout.js";
import { onEnd } from "../support/cleanup.js";
import { guardGroup } from "../support/guarded.js";
import { minimalEnvironment } from "../support/program.js";

export type Terminal = {
  /** Everything that was printed, escape sequences included. */
  readonly raw: () => string;
  /** What a person has read so far: without escape sequences. */
  readonly text: () => string;
  /** Waits until something new that matches is printed; looks only behind the last match. */
  readonly waitFor: (what: RegExp, timeoutMs?: number) => Promise<RegExpExecArray>;
  readonly type: (keys: string) => void;
  readonly exited: Promise<number>;
};

export const keys = { enter: "\r", down: "\u001b[B", interrupt: "\u0003" } as const;

const escapes = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b[()][A-Z0-9]|\u001b[=>78]|\u0007|\r/g;

export interface TerminalOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd?: string;
}

/** jitnode with these arguments. */
export const openTerminal = (args: readonly string[], options: TerminalOptions): Terminal =>
  openProgram(process.execPath, [join(checkout(), "bin", "jitnode.js"), ...args], options);

export function openProgram(file: string, args: readonly string[], options: TerminalOptions): Terminal {
  const wanted = { ...minimalEnvironment(options.home), TERM: "xterm-256color", ...options.env };
  const env = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  const pty = spawn(file, [...args], {
    cols: 200,
    rows: 50,
    cwd: options.cwd ?? options.home,
    env: env as Record<string, string>,
  });
  const release = guardGroup(pty.pid);
  let raw = "";
  let read = 0;
  let ended = false;
  let changed = (): void => undefined;
  pty.onData((part) => {
    raw += part;
    changed();
  });
  const exited = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      ended = true;
      release();
      changed();
      resolve(exitCode);
    });
  });
  onEnd(async () => {
    if (!ended) pty.kill("SIGKILL");
    await exited;
  });
  const text = (): string => raw.replace(escapes, "");

  return {
    raw: () => raw,
    text,
    type: (typed) => pty.write(typed),
    exited,
    waitFor: async (what, timeoutMs = 45_000) => {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const found = what.exec(text().slice(read));
        if (found !== null) {
          read += found.index + found[0].length;
          return found;
        }
        if (ended || performance.now() > deadline) {
          throw new Error(`${ended ? "it ended" : "time ran out"} before ${String(what)} was printed:\n${text()}`);
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 200);
          changed = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
  };
}
