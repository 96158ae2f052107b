// Two commands answered with as little loaded as possible: `--version` and `status --json`. Only the plain success is
// handled here; anything else is left to the whole program, which explains it.

import { version } from "../../protocol/versions.js";

/** False: nothing was printed. */
export async function answerFast(argv: readonly string[]): Promise<boolean> {
  if (argv.length === 1 && argv[0] === "--version") {
    process.stdout.write(`jitnode ${version}\n`);
    return true;
  }
  if (argv.length === 2 && argv.includes("status") && argv.includes("--json")) {
    const { printStatus } = await import("./print-status.js");
    return printStatus();
  }
  return false;
}
