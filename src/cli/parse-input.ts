// Arguments and options of one command: commander parses, by the command's own data. Its errors become ours.

import { Argument, Command as Parser, CommanderError, Option as ParserOption } from "commander";
import { JitnodeError } from "../protocol/errors.js";
import { globalOptions, scopeOptions, type Command, type Input, type Option } from "./command.js";
import { line } from "./output/line.js";

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
  const parser = new Parser(words.join(" ")).exitOverride().helpOption(false).showSuggestionAfterError(true);
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
    throw usage(words, error.message);
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

/** commander's "error: unknown option '--jsn'\n(Did you mean --json?)" as our two sentences. */
function usage(words: readonly string[], text: string): JitnodeError {
  const [first = "", suggested] = text.replace(/^error: /, "").split("\n");
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  return new JitnodeError("usage", {
    message: line`${sentence.endsWith(".") ? sentence : `${sentence}.`}`,
    hint: suggested?.replace(/^\(|\)$/g, "") ?? line`See jitnode ${words.join(" ")} --help.`,
  });
}
