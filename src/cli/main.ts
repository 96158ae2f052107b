// The entry of `jitnode`. What scripts call often is answered before the rest of the program is loaded: start-up time is
// part of the contract (DESIGN section 8).

import { answerFast } from "./fast/answer-fast.js";

/** Waits until what was written has left, then ends: a timer or socket left over must not hold a command up. */
async function leave(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write("", resolve));
  }
  process.exit(code);
}

export async function main(): Promise<void> {
  // `jitnode org list | head -1`: whoever reads has seen enough.
  process.stdout.on("error", () => process.exit(0));
  const argv = process.argv.slice(2);
  if (await answerFast(argv)) return;
  const { run } = await import("./run.js");
  await leave(await run(argv));
}
