// Help, made from the commands' data: examples first, since that is what people look for.

import { globalOptions, type Argument, type Command, type Option } from "./command.js";
import { columns } from "./output/columns.js";
import { joinLines, line, type Line } from "./output/line.js";
import type { Style } from "./output/style.js";
import type { Entry } from "./table.js";

const shown = (argument: Argument): string => (argument.required ? argument.name : `[${argument.name}]`);
const indent = (lines: readonly Line[]): readonly Line[] => lines.map((text) => joinLines([line`  `, text], ""));

const optionRows = (options: readonly Option[]): readonly (readonly [string, string])[] =>
  options.map(({ name, value, description, choices }) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    choices === undefined ? description : `${description}: ${choices.join(", ")}`,
  ]);

export function commandHelp(words: readonly string[], command: Command, style: Style): readonly Line[] {
  const name = `jitnode ${words.join(" ")}`;
  const options = command.options ?? [];
  const usage = [name, ...(options.length > 0 ? ["[options]"] : []), ...(command.arguments ?? []).map(shown)].join(" ");
  const section = (title: Line, lines: readonly Line[]): readonly Line[] =>
    lines.length === 0 ? [] : [line``, style.bold(title), ...indent(lines)];
  return [
    line`${name}: ${command.summary}.`,
    ...section(line`Examples`, columns(command.examples.map((example) => [example.line, example.says]))),
    ...section(line`Usage`, [line`${usage}`]),
    line``,
    ...command.description.split("\n").map((text) => line`${text}`),
    ...section(
      line`Arguments`,
      columns((command.arguments ?? []).map((argument) => [shown(argument), argument.description])),
    ),
    ...section(line`Options`, columns(optionRows(options))),
    ...section(line`Options of every command`, columns(optionRows(globalOptions))),
  ];
}

/** The commands that begin with `words`, or all. */
export async function overviewHelp(
  words: readonly string[],
  entries: readonly Entry[],
  style: Style,
): Promise<readonly Line[]> {
  const rows = await Promise.all(
    entries.map(async (entry) => [`jitnode ${entry.words.join(" ")}`, (await entry.load()).summary] as const),
  );
  const title =
    words.length === 0
      ? line`jitnode: activates this node and manages your organizations.`
      : line`jitnode ${words.join(" ")}`;
  return [
    title,
    ...(words.length === 0
      ? [
          line``,
          style.bold(line`Examples`),
          ...indent(
            columns([
              ["jitnode activate", "Bind this node to an organization"],
              ["jitnode status", "What this node is bound to, and how it is"],
              ["jitnode org code", "The binding code, to invite somebody"],
            ]),
          ),
        ]
      : []),
    line``,
    style.bold(line`Commands`),
    ...indent(columns(rows)),
    line``,
    line`jitnode COMMAND --help says more about one of them.`,
  ];
}
