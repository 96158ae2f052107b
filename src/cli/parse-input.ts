// Arguments and options of one command: commander parses, by the command's own data. Its errors become ours.

import { Argument, Command as Parser, CommanderError, Option as ParserOption } from "commander";
import { closest } from "../domain/closest.js";
import { resemblesBindingCode } from "../domain/codes.js";
import { JitnodeError } from "../protocol/errors.js";
import { bindingCodeOption, howCodesAreGiven } from "./binding-code.js";
import { globalOptions, scopeOptions, type Command, type Input, type Option } from "./command.js";
import { line } from "./output/line.js";
import { typed } from "./output/typed.js";

export interface Parsed {
  readonly input: Input;
  readonly json: boolean;
  readonly mayAsk: boolean;
  readonly server: string | undefined;
  readonly org: string | undefined;
}

function toParserOption(option: Option): ParserOption {
  const made = new ParserOption(option.value === undefined ? `--${option.name}` : `--${option.name} <${option.value}>`);
  return option.choices === undefined ? made : made.choices(option.choices);
}

/** Which commands take an option that not all do. */
const takers = { server: "that ask a control plane", org: "about one organization" } as const;

/** `words` name the command in messages. */
export function parseInput(words: readonly string[], command: Command, argv: readonly string[]): Parsed {
  const parser = new Parser(words.join(" ")).exitOverride().helpOption(false).showSuggestionAfterError(false);
  parser.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  const options: readonly Option[] = [...globalOptions, ...(command.options ?? [])];
  for (const option of options) parser.addOption(toParserOption(option));
  // Known everywhere, so that what is wrong with them can be said; offered and taken only where they mean something.
  const meaningless = scopeOptions.filter(({ name }) => !options.some((option) => option.name === name));
  // Their value may be missing: that they are refused comes first.
  for (const { name } of meaningless) parser.addOption(new ParserOption(`--${name} [VALUE]`).hideHelp());
  for (const { name, required } of command.arguments ?? []) {
    parser.addArgument(new Argument(required ? `<${name}>` : `[${name}]`));
  }
  try {
    parser.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.excessArguments") throw tooMany(words, command, parser.args);
    if (error.code === "commander.unknownOption") throw unknownOption(words, options, error.message);
    throw usage(words, error.message.replace(/(?<= argument ')[^']*/, typed));
  }

  const values = parser.opts<Record<string, unknown>>();
  const valueOf = (name: string): unknown => {
    const attribute = parser.options.find((option) => option.long === `--${name}`)?.attributeName();
    return attribute === undefined ? undefined : values[attribute];
  };
  const option = (name: string): string | undefined => {
    const value = valueOf(name);
    return typeof value === "string" ? value : undefined;
  };
  for (const { name } of meaningless) {
    if (valueOf(name) === undefined) continue;
    throw new JitnodeError("usage", {
      message: line`jitnode ${words.join(" ")} takes no --${name}.`,
      hint: line`--${name} is for commands ${takers[name]}. See jitnode ${words.join(" ")} --help.`,
    });
  }
  for (const { name, value } of options) {
    if (value !== undefined && option(name) === "") throw usage(words, `option '--${name}' is empty`);
  }
  return {
    input: {
      argument: (name) => {
        const at = (command.arguments ?? []).findIndex((argument) => argument.name === name);
        return parser.args[at];
      },
      option,
      has: (name) => valueOf(name) === true,
    },
    json: values["json"] === true,
    mayAsk: values["input"] !== false,
    server: option("server"),
    org: option("org"),
  };
}

/** commander's "error: missing required argument 'NODE'" as our two sentences. */
function usage(words: readonly string[], text: string, hint?: string): JitnodeError {
  const sentence = text.replace(/^error: /, "").replace(/^./, (letter) => letter.toUpperCase());
  return new JitnodeError("usage", {
    message: line`${sentence.endsWith(".") ? sentence : `${sentence}.`}`,
    hint: hint ?? line`See jitnode ${words.join(" ")} --help.`,
  });
}

/** What was typed is not repeated: it may be a binding code. */
function tooMany(words: readonly string[], command: Command, given: readonly string[]): JitnodeError {
  const taken = (command.arguments ?? []).map(({ name }) => name);
  const takesCode = command.options?.includes(bindingCodeOption) === true && resemblesBindingCode(given.join(""));
  return usage(
    words,
    `too many arguments: jitnode ${words.join(" ")} takes ${taken.length === 0 ? "none" : `only ${taken.join(" ")}`}`,
    takesCode ? howCodesAreGiven : undefined,
  );
}

/** Unknown, or a switch with a value: without the value that came with it. */
function unknownOption(words: readonly string[], options: readonly Option[], text: string): JitnodeError {
  const [, flag = ""] = /'([^'=]*)/.exec(text) ?? [];
  const known = options.map(({ name }) => `--${name}`);
  if (known.includes(flag)) return usage(words, `option '${flag}' takes no value`);
  const near = closest(flag, known);
  return usage(words, `unknown option '${typed(flag)}'`, near === undefined ? undefined : line`Did you mean ${near}?`);
}
