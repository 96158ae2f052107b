// Runs one command: find it, parse, run, and turn whatever goes wrong into one sentence, a hint and an exit code.

import { readEnvironment } from "../platform/environment.js";
import { listenForTermination, type Termination } from "../platform/signals.js";
import { JitnodeError } from "../protocol/errors.js";
import { exitCodes, type ExitCode } from "../protocol/exit-codes.js";
import type { Command } from "./command.js";
import type { Context } from "./context.js";
import { createContext } from "./create-context.js";
import { findCommand } from "./find-command.js";
import { createOutput } from "./output/output.js";
import { joinLines, line } from "./output/line.js";
import { loadStyle } from "./output/style.js";

export async function run(argv: readonly string[]): Promise<ExitCode> {
  const termination = listenForTermination();
  let command: Command | undefined;
  let context: Context | undefined;
  try {
    const found = findCommand(argv);
    if (found.kind === "help") return await printHelp(found.words);
    command = await found.entry.load();
    const { parseInput } = await import("./parse-input.js");
    const parsed = parseInput(found.entry.words, command, found.rest);
    context = await createContext(parsed, termination);
    return await command.run(context, parsed.input);
  } catch (thrown) {
    const error = asPublicError(thrown, termination);
    if (context === undefined) (await plainOutput(argv)).error(error);
    else context.output.error((await import("./repeat-flags.js")).repeatFlags(error, context.flags));
    await explainInternal(thrown);
    if (error.code === "interrupted" && termination.received() === "SIGTERM") return exitCodes.terminated;
    return error.code === "interrupted" ? exitCodes.interrupted : (command?.failure ?? error.exitCode);
  } finally {
    await context?.close();
    termination.close();
  }
}

/** After a signal, whatever failed failed because of it. */
function asPublicError(thrown: unknown, termination: Termination): JitnodeError {
  if (termination.signal.aborted && !(thrown instanceof JitnodeError && thrown.code === "interrupted")) {
    return new JitnodeError("interrupted", { cause: thrown });
  }
  if (thrown instanceof JitnodeError) return thrown;
  return new JitnodeError("internal_error", {
    message: "Something failed inside jitnode itself.",
    hint: "Run it again with JITNODE_LOG_LEVEL=debug for the details, and report them.",
    cause: thrown,
  });
}

/** Stack traces only for those who ask for them. */
async function explainInternal(thrown: unknown): Promise<void> {
  if (!["debug", "trace"].includes(readEnvironment()["JITNODE_LOG_LEVEL"] ?? "")) return;
  const { createLog } = await import("../platform/log.js");
  const format = process.stderr.isTTY ? "text" : "json";
  createLog({ level: "debug", format, program: "jitnode" }).debug("command failed", { error: thrown });
}

/** Before a command is known, --json is looked for by hand. */
async function plainOutput(argv: readonly string[]) {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const json = argv.slice(0, end).includes("--json");
  const { createClock } = await import("../platform/clock.js");
  const style = await loadStyle(false);
  return createOutput({ json, stdout: process.stdout, stderr: process.stderr, clock: createClock(), style });
}

async function printHelp(words: readonly string[]): Promise<ExitCode> {
  const [{ table }, { commandHelp, overviewHelp }] = await Promise.all([import("./table.js"), import("./help.js")]);
  const style = await loadStyle(process.stdout.isTTY && (readEnvironment()["NO_COLOR"] ?? "") === "");
  const entries = table.filter((entry) => words.every((word, at) => entry.words[at] === word));
  const exact = entries.find((entry) => entry.words.length === words.length);
  const lines = [
    ...(exact === undefined ? [] : commandHelp(exact.words, await exact.load(), style)),
    ...(exact === undefined || entries.length > 1 ? await overviewHelp(words, entries, style) : []),
  ];
  process.stdout.write(`${joinLines(exact !== undefined && entries.length > 1 ? [...lines, line``] : lines)}\n`);
  return exitCodes.done;
}
