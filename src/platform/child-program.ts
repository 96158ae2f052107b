// Starting other programs of ours as children: in the background with a log file, or to their end with what they print.
// Both end with this process, however it ends (watch-parent), and neither hears a terminal's Ctrl-C: whoever started them
// decides when they end.

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ChildProgram {
  readonly exited: Promise<Ending>;
  /** SIGTERM, then SIGKILL; resolves when it has ended. */
  stop(): Promise<void>;
}

export interface Finished extends Ending {
  readonly stdout: string;
  readonly stderr: string;
}

interface Start {
  /** A JavaScript file. */
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Environment;
}

const patience = 5_000;
const watchParent = new URL("./watch-parent.js", import.meta.url).href;

const start = ({ file, args, environment }: Start, output: number | "pipe"): ChildProcess =>
  spawn(process.execPath, ["--import", watchParent, file, ...args], {
    env: { ...environment },
    stdio: ["ignore", output, output, "pipe"],
    detached: true,
  });

function endingOf(child: ChildProcess): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  child.once("error", () => resolve({ code: null, signal: null }));
  child.once("close", (code, signal) => resolve({ code, signal }));
  return promise;
}

async function stop(child: ChildProcess, exited: Promise<Ending>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  await exited;
  clearTimeout(timer);
}

/** What it prints goes to `logFile`, which is begun anew. */
export function startInBackground(program: Start & { readonly logFile: string }): ChildProgram {
  const log = openSync(program.logFile, "w", 0o600);
  try {
    const child = start(program, log);
    const exited = endingOf(child);
    return { exited, stop: () => stop(child, exited) };
  } finally {
    closeSync(log);
  }
}

/** Broken off, it is stopped and waited for. */
export async function runToEnd(program: Start, signal: AbortSignal): Promise<Finished> {
  const child = start(program, "pipe");
  const exited = endingOf(child);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (part: string) => (output[name] += part));
  }
  const onAbort = (): void => void stop(child, exited);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const ending = await exited;
  signal.removeEventListener("abort", onAbort);
  return { ...ending, ...output };
}
