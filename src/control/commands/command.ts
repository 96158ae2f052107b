// The shape of a command of jitnode-control: data, so that the program can list it, parse for it and load it lazily.

import type { ExitCode } from "../../protocol/exit-codes.js";
import type { Flags } from "../../config/read.js";
import type { ControlContext } from "../context.js";
import type { ControlConfig, LogConfig } from "../config.js";
import type { Log } from "../../platform/log.js";

export interface CommandOption {
  /** As help shows it: `--json`, `--new-key-file FILE`. */
  readonly flags: string;
  readonly describe: string;
  readonly required?: true;
}

export interface CommandArgument {
  /** As help shows it: `ACCOUNT`, or `[NAME]` where it may be left out. */
  readonly name: string;
  readonly describe: string;
}

export interface CommandInput {
  readonly arguments: readonly string[];
  /** Camel-cased names of the flags, as commander makes them. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** To stdout, with a line end. */
  print(line: string): void;
  /** To stderr, with a line end: notes for people. */
  note(line: string): void;
  /** To stderr where that is a terminal, in the place of the one before; an empty one takes it away. */
  progress(line: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: Flags;
  readonly config: () => ControlConfig;
  readonly logConfig: () => LogConfig;
  readonly log: () => Log;
  /**
   * Key file, database and services, opened as the server opens them but with the schema left as it is: a database
   * that needs a migration is refused. Closed when `run` has ended.
   */
  readonly context: () => Promise<ControlContext>;
  /** Aborted at SIGTERM and SIGINT; only `serve` waits for it. */
  readonly signal: AbortSignal;
}

export interface Command {
  /** The words that call it: `serve`, `account list`. */
  readonly name: string;
  readonly describe: string;
  readonly arguments?: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  /** Throws JitnodeError; resolves to the exit code, nothing meaning 0. */
  run(input: CommandInput): Promise<ExitCode | void>;
}
