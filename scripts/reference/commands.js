// The page of commands, from the table that the programs themselves read.

import { globalOptions } from "../../dist/cli/command.js";
import { results } from "../../dist/cli/results.js";
import { table } from "../../dist/cli/table.js";
import { commandTable } from "../../dist/control/commands/table.js";

const optionRow = ({ name, value, description, choices }) => {
  const accepts = choices === undefined ? "" : ` One of ${choices.map((choice) => `\`${choice}\``).join(", ")}.`;
  return `| \`--${name}${value === undefined ? "" : ` ${value}`}\` | ${description}${accepts} |`;
};

const options = (list) => `| option | meaning |\n|---|---|\n${list.map(optionRow).join("\n")}\n`;

async function controlSections() {
  const commands = await Promise.all(Object.values(commandTable).map(async (load) => (await load()).command));
  return commands.map((command) => {
    const given = (command.arguments ?? []).map(({ name }) => ` ${name}`).join("");
    const flags = command.options.map(({ flags, describe }) => `| \`${flags}\` | ${describe} |`).join("\n");
    const parts = [
      `### \`jitnode-control ${command.name}${given}\``,
      command.describe,
      ...(command.arguments ?? []).map(({ name, describe }) => `\`${name}\`: ${describe}.`),
      ...(flags === "" ? [] : [`| option | meaning |\n|---|---|\n${flags}`]),
    ];
    return parts.join("\n\n");
  });
}

export async function commandsPage() {
  const sections = await Promise.all(
    table.map(async ({ words, load }) => {
      const command = await load();
      const given = (command.arguments ?? [])
        .map(({ name, required }) => (required ? ` ${name}` : ` [${name}]`))
        .join("");
      const parts = [
        `## \`jitnode ${words.join(" ")}${given}\``,
        `${command.summary}. ${command.description}`,
        ...(command.arguments ?? []).map(({ name, description }) => `\`${name}\`: ${description}.`),
        ...(command.options === undefined || command.options.length === 0 ? [] : [options(command.options)]),
        `\`\`\`sh\n${command.examples.map(({ line, says }) => `${line}  # ${says}`).join("\n")}\n\`\`\``,
        `With \`--json\`: [schemas/${command.schema}.json](../../schemas/${command.schema}.json).`,
      ];
      return parts.join("\n\n");
    }),
  );
  return `# Commands

Made from the commands themselves; do not edit. Results go to stdout, everything else to stderr. Exit codes stand in [errors.md](errors.md).

Every command takes:

${options(globalOptions)}
${sections.join("\n\n")}

## \`jitnoded\`

The daemon takes no commands: [settings.md](settings.md) says how it is set up, \`jitnode\` talks to it.

## \`jitnode-control\`

Run on the control plane's own machine, with the settings ([settings.md](settings.md)) that it has.

${(await controlSections()).join("\n\n")}
`;
}

/** Name and JSON Schema of what each command prints with --json, and of its errors. */
export const commandSchemas = () =>
  Object.entries(results).map(([name, schema]) => [
    name,
    { $schema: "https://json-schema.org/draft/2020-12/schema", title: `jitnode: ${name}`, ...schema },
  ]);
