// The entry of `jitnode`. What scripts call often is answered before the rest of the program is loaded: start-up time is
// part of the contract (DESIGN section 8).

import { answerFast } from "./fast/answer-fast.js";

/** Waits until what was written has left, then ends: a timer or socket left over must not hold a command up. */
async function leave(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write("", resolve));
  }
  // What went wrong may be known before its event has come.
  if (process.stdout.errored !== null) await leaveUnwritten(process.stdout.errored);
  process.exit(code);
}

/** A full disk must not look like success. A closed pipe is no failure: whoever reads has seen enough. */
async function leaveUnwritten(error: Error): Promise<never> {
  if ("code" in error && error.code === "EPIPE") process.exit(0);
  const { JitnodeError } = await import("../protocol/errors.js");
  const { code, message, hint, exitCode } = new JitnodeError("output_not_writable");
  process.stderr.write(`${message} (${code})\n${hint}\n`);
  process.exit(exitCode);
}

export async function main(): Promise<void> {
  process.stdout.on("error", (error) => void leaveUnwritten(error));
  const argv = process.argv.slice(2);
  if (await answerFast(argv)) return;
  const { run } = await import("./run.js");
  await leave(await run(argv));
}
