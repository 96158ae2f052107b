// What a command is: data that parsing, help, completion and the reference are made from, and a function to run.

import type { ExitCode } from "../protocol/exit-codes.js";
import type { Context } from "./context.js";
import type { ResultName } from "./results.js";

export interface Argument {
  /** As shown: upper case. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

export interface Option {
  /** Without the dashes. */
  readonly name: string;
  /** What stands for the value in help; absent: a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly description: string;
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

/** What was typed, read by the names of the command's own data. */
export interface Input {
  argument(name: string): string | undefined;
  option(name: string): string | undefined;
  has(name: string): boolean;
}

export interface Command {
  /** One line, without a full stop. */
  readonly summary: string;
  readonly description: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  readonly examples: readonly [Example, ...Example[]];
  /** Of what it prints with --json: the name of a file in schemas/. */
  readonly schema: ResultName;
  /** The only exit code for every failure, where the command's contract has no others. */
  readonly failure?: ExitCode;
  run(context: Context, input: Input): Promise<ExitCode>;
}

/** Options that every command takes. */
export const globalOptions = [
  { name: "json", description: "Print the result as JSON (schemas/), errors too" },
  { name: "no-input", description: "Never ask: fail where an answer is needed" },
  { name: "help", description: "Show help" },
] as const satisfies readonly Option[];

/** Of every command that asks a control plane. */
export const serverOption = {
  name: "server",
  value: "URL",
  description: "The control plane (JITNODE_SERVER)",
} as const satisfies Option;
/** Of every command about one organization that may be another one than this node's. */
export const orgOption = {
  name: "org",
  value: "ID",
  description: "The organization that is meant (JITNODE_ORG)",
} as const satisfies Option;
/** Only some commands take these, but they may stand anywhere in the line, also before the command's words. */
export const scopeOptions = [serverOption, orgOption] as const;
