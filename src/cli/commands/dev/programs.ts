// Starts the control plane and the daemon as the programs they are, waits until each answers, and notices when one ends.

import { fileURLToPath } from "node:url";
import type { Environment } from "../../../config/read.js";
import { runToEnd, startInBackground, type ChildProgram, type Finished } from "../../../platform/child-program.js";
import { JitnodeError } from "../../../protocol/errors.js";
import type { Context } from "../../context.js";
import { line } from "../../output/line.js";

type ProgramName = "jitnode" | "jitnoded" | "jitnode-control";

const fileOf = (name: ProgramName): string => fileURLToPath(new URL(`../../../../bin/${name}.js`, import.meta.url));

export interface RunningProgram {
  readonly child: ChildProgram;
  /** Rejects when the program ends without having been stopped. */
  readonly broken: Promise<never>;
}

export function startProgram(
  name: ProgramName,
  args: readonly string[],
  environment: Environment,
  logFile: string,
): RunningProgram {
  const child = startInBackground({ file: fileOf(name), args, environment, logFile });
  const broken = child.exited.then(({ code, signal }): never => {
    throw new JitnodeError("internal_error", {
      message: line`${name} has ended (${signal ?? (code === null ? "it could not be started" : `exit code ${code}`)}).`,
      hint: line`Its last words are in ${logFile}.`,
    });
  });
  broken.catch(() => undefined);
  return { child, broken };
}

const patience = 30_000;
const pause = 50;

/** Until `ready` says yes; throws when the program ends before, or takes too long. */
export async function waitUntilReady(
  context: Context,
  program: RunningProgram,
  ready: () => Promise<boolean>,
): Promise<void> {
  const deadline = context.clock.now() + patience;
  while (!(await Promise.race([ready(), program.broken]))) {
    if (context.signal.aborted) throw new JitnodeError("interrupted");
    if (context.clock.now() > deadline) throw new JitnodeError("timed_out", { hint: "See the logs in .jitnode-dev." });
    await context.clock.sleep(pause, context.signal);
  }
}

/** A command to its end. */
export const runProgram = (
  name: ProgramName,
  args: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<Finished> => runToEnd({ file: fileOf(name), args, environment }, signal);
