// The program jitnoded: settings, log and signals around start.ts. SIGTERM and SIGINT end it with 0.

import { createSettingsReader } from "../config/read.js";
import { unknownSettings } from "../config/unknown.js";
import { escapeForTerminal } from "../domain/escape.js";
import { createClock } from "../platform/clock.js";
import { readEnvironment } from "../platform/environment.js";
import { createLog } from "../platform/log.js";
import { daemonPaths } from "../platform/paths.js";
import { createRandom } from "../platform/random.js";
import { listenForTermination } from "../platform/signals.js";
import { JitnodeError } from "../protocol/errors.js";
import { version } from "../protocol/versions.js";
import { readDaemonConfig } from "./config.js";
import { startDaemon } from "./start.js";

const usage = `Usage: jitnoded [--version | --help]

The daemon of a node: it holds the node's key and its binding, and answers on a
Unix socket. It is set up by JITNODE_* variables alone; see the reference.
`;

export async function main(): Promise<void> {
  const [argument] = process.argv.slice(2);
  if (argument === "--version") return void process.stdout.write(`jitnoded ${version}\n`);
  if (argument === "--help" || argument === "-h") return void process.stdout.write(usage);
  if (argument !== undefined) {
    report(new JitnodeError("usage", { message: `Unknown argument '${argument}'.`, hint: "See jitnoded --help." }));
    return;
  }
  // Whatever is made without a mode of its own is private.
  process.umask(0o077);
  const termination = listenForTermination();
  try {
    await run(termination.signal);
    process.exitCode = 0;
  } catch (error) {
    if (!(error instanceof JitnodeError)) throw error;
    report(error);
  } finally {
    termination.close();
  }
}

/** As `jitnode` says it: one sentence with its code, and what to do. */
function report(error: JitnodeError): void {
  const said = escapeForTerminal(error.message);
  process.stderr.write(`${said} (${error.code})\n${escapeForTerminal(error.hint)}\n`);
  process.exitCode = error.exitCode;
}

async function run(stop: AbortSignal): Promise<void> {
  const environment = readEnvironment();
  const reader = createSettingsReader(environment);
  const log = createLog({
    program: "jitnoded",
    level: reader.choice("logLevel", ["trace", "debug", "info", "warn", "error", "silent"]) ?? "info",
    format: reader.choice("logFormat", ["text", "json"]) ?? (process.stderr.isTTY ? "text" : "json"),
  });
  for (const { variable, near } of unknownSettings(environment, "daemon")) {
    log.warn("unknown setting ignored", { variable, did_you_mean: near });
  }
  const config = readDaemonConfig(reader, daemonPaths(environment));
  const daemon = await startDaemon({
    config,
    clock: createClock(),
    random: createRandom(),
    log,
    print: (text) => void process.stdout.write(text),
  });
  if (!stop.aborted) await new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve()));
  log.info("stopping");
  await daemon.close();
}
