// The program jitnode-control: finds the command, loads only its file, runs it, and turns errors into a sentence, a
// hint and an exit code.

import type { Argument, Command as Parser } from "commander";
import { createSettingsReader, type Environment } from "../config/read.js";
import { escapeForTerminal } from "../domain/escape.js";
import { createClock } from "../platform/clock.js";
import { readEnvironment } from "../platform/environment.js";
import { createLog, type Log } from "../platform/log.js";
import { defaultControlDataDir } from "../platform/paths.js";
import { createRandom } from "../platform/random.js";
import { listenForTermination } from "../platform/signals.js";
import { JitnodeError } from "../protocol/errors.js";
import { exitCodes, type ExitCode } from "../protocol/exit-codes.js";
import { version } from "../protocol/versions.js";
import type { Command, CommandInput } from "./commands/command.js";
import { commandTable, groupTable } from "./commands/table.js";
import { readControlConfig, type ControlConfig, type LogConfig } from "./config.js";
import type { ControlContext } from "./context.js";

const program = "jitnode-control";

export async function main(args: readonly string[] = process.argv.slice(2)): Promise<void> {
  // Database and key file are for the program's own user.
  process.umask(0o077);
  process.exitCode = await run(args, readEnvironment());
}

async function run(args: readonly string[], environment: Environment): Promise<ExitCode> {
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
    process.stdout.write(`${program} ${version}\n`);
    return exitCodes.done;
  }
  let exit: ExitCode = exitCodes.done;
  const written: string[] = [];
  const asked = withoutHelp(args);
  const known = knownWords(asked);
  try {
    const called = await commandsFor(known);
    const parser = await buildParser(called, written, async (command, argumentsGiven, options) => {
      exit = await runCommand(command, argumentsGiven, options, environment);
    });
    if (asked.length === 0) parser.outputHelp();
    else await parser.parseAsync([...asked], { from: "user" });
    return exit;
  } catch (error) {
    return isCommanderError(error) ? reportParsing(error, written, known) : report(error);
  }
}

/** As many of the first words as name a command or a group of them. */
function knownWords(args: readonly string[]): readonly string[] {
  const isKnown = (words: readonly string[]): boolean =>
    Object.keys(commandTable).some((name) => `${name} `.startsWith(`${words.join(" ")} `));
  return [args.slice(0, 2), args.slice(0, 1)].find(isKnown) ?? [];
}

/**
 * `help account list` and `account help list` as `account list --help`; words that are no command or group are refused
 * as they are without `help`.
 */
function withoutHelp(args: readonly string[]): readonly string[] {
  const at = args[0] !== undefined && groupTable[args[0]] !== undefined ? 1 : 0;
  if (args[at] !== "help") return args;
  const words = args.toSpliced(at, 1);
  const known = knownWords(words);
  const isWhole = known.length === words.length || commandTable[known.join(" ")] !== undefined;
  return isWhole ? [...known, "--help"] : words;
}

/** The one that is named; all of them where none is, for the help. */
async function commandsFor(known: readonly string[]): Promise<readonly Command[]> {
  const load = commandTable[known.join(" ")];
  if (load !== undefined) return [(await load()).command];
  return await Promise.all(Object.values(commandTable).map(async (each) => (await each()).command));
}

type Action = (
  command: Command,
  args: readonly string[],
  options: Readonly<Record<string, string | boolean | undefined>>,
) => Promise<void>;

const helpCommand = ["help [COMMAND]", "Print the help of a command."] as const;

/** `written` takes what commander would write to stderr. */
async function buildParser(called: readonly Command[], written: string[], action: Action): Promise<Parser> {
  const { Command: CommanderCommand } = await import("commander");
  const root = new CommanderCommand(program)
    .description("The control plane: people, organizations and the nodes that belong to them.")
    .version(`${program} ${version}`, "-V, --version", "Print the version.")
    .helpOption("-h, --help", "Print this help.")
    .configureHelp({ subcommandTerm, optionTerm: ({ flags }) => flags.replace(/[<>]/g, "") })
    .helpCommand(...helpCommand)
    .exitOverride()
    .configureOutput({ writeErr: (text) => void written.push(text) })
    .addHelpText("after", "\nSettings are JITNODE_CONTROL_… variables; see the reference of settings.");
  const groups = new Map<string, Parser>();
  const group = (name: string): Parser => {
    const made =
      groups.get(name) ??
      root
        .command(name)
        .description(groupTable[name] ?? "")
        .helpCommand(...helpCommand)
        .exitOverride();
    groups.set(name, made);
    return made;
  };
  for (const command of called) {
    const words = command.name.split(" ");
    const last = words.pop() ?? command.name;
    const parent = words.length === 0 ? root : group(words.join(" "));
    const parser = parent.command(last).description(command.describe).exitOverride();
    for (const { name, describe } of command.arguments ?? []) parser.argument(asCommander(name), describe);
    parser.usage(["[options]", ...parser.registeredArguments.map(shownArgument)].join(" "));
    for (const { flags, describe, required } of command.options) {
      const read = flags.split(" ").map(asCommander).join(" ");
      if (required === true) parser.requiredOption(read, describe);
      else parser.option(read, describe);
    }
    parser.action(async () => {
      await action(command, parser.args, parser.opts<Record<string, string | boolean | undefined>>());
    });
  }
  return root;
}

/** `FILE` as commander reads it, which shows it as `<FILE>`; help takes that back. */
const asCommander = (shown: string): string => (/^[A-Z]/.test(shown) ? `<${shown}>` : shown);

const shownArgument = (argument: Argument): string => (argument.required ? argument.name() : `[${argument.name()}]`);

const subcommandTerm = (command: Parser): string =>
  [
    command.name(),
    ...(command.options.length > 0 ? ["[options]"] : []),
    ...command.registeredArguments.map(shownArgument),
  ].join(" ");

async function runCommand(
  command: Command,
  args: readonly string[],
  options: CommandInput["options"],
  environment: Environment,
): Promise<ExitCode> {
  const termination = listenForTermination();
  const closers: (() => Promise<void>)[] = [];
  const reader = createSettingsReader(environment);
  const config = once((): ControlConfig => readControlConfig(reader, defaultControlDataDir(environment)));
  const logConfig = once((): LogConfig => ({
    level: reader.choice("logLevel", ["trace", "debug", "info", "warn", "error", "silent"]) ?? "info",
    format: reader.choice("logFormat", ["text", "json"]) ?? (process.stderr.isTTY ? "text" : "json"),
  }));
  const log = once((): Log => createLog({ ...logConfig(), program }));
  const context = once(async (): Promise<ControlContext> => {
    const { openControl } = await import("./open.js");
    const opened = await openControl(
      { config: config(), clock: createClock(), random: createRandom(), log: log() },
      "command",
    );
    closers.push(() => opened.close());
    return opened.context;
  });
  // A line of progress on the screen: taken away before anything else is said, also of a command that failed.
  let shown = false;
  const progress = (line: string): void => {
    if (!process.stderr.isTTY || (line === "" && !shown)) return;
    process.stderr.write(`\r\u001b[K${line}`);
    shown = line !== "";
  };
  try {
    const exit = await command.run({
      arguments: args,
      options,
      print: (line) => void process.stdout.write(`${line}\n`),
      note: (line) => void process.stderr.write(`${line}\n`),
      progress,
      environment,
      flags: {},
      config,
      logConfig,
      log,
      context,
      signal: termination.signal,
    });
    return exit ?? exitCodes.done;
  } finally {
    progress("");
    for (const close of closers) await close();
    termination.close();
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

type ParsingError = Error & { readonly code: unknown; readonly exitCode: unknown };

const isCommanderError = (error: unknown): error is ParsingError =>
  error instanceof Error && error.name === "CommanderError" && "exitCode" in error && "code" in error;

/** Help and version are no errors; the rest is commander's "error: …\n(Did you mean …?)" as our two lines. */
function reportParsing(error: ParsingError, written: readonly string[], known: readonly string[]): ExitCode {
  if (error.exitCode === 0) return exitCodes.done;
  // A group without its second word.
  if (error.code === "commander.help") {
    process.stdout.write(written.join(""));
    return exitCodes.done;
  }
  const [first = "", suggested] = error.message
    .replace(/^error: /, "")
    .replace(/ <([A-Z]+)>'/, " $1'")
    .split("\n");
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  return report(
    new JitnodeError("usage", {
      message: sentence.endsWith(".") ? sentence : `${sentence}.`,
      hint: suggested?.replace(/^\(|\)$/g, "") ?? `See ${[program, ...known, "--help"].join(" ")}.`,
    }),
  );
}

/** One sentence and what to do, on stderr. What is no error of the registry is a fault of ours: with its trace. */
function report(error: unknown): ExitCode {
  const known = error instanceof JitnodeError ? error : new JitnodeError("internal_error", { cause: error });
  process.stderr.write(`${escapeForTerminal(known.message)} (${known.code})\n${escapeForTerminal(known.hint)}\n`);
  if (known.code === "migration_failed" && known.cause instanceof Error) {
    process.stderr.write(`${escapeForTerminal(known.cause.message)}\n`);
  }
  if (!(error instanceof JitnodeError)) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
  return known.exitCode;
}
