// The page of settings, from the tables in src/config.

import { settings } from "../../dist/config/settings.js";
import { signInSettings } from "../../dist/config/sign-ins.js";

const programs = { cli: "`jitnode`", daemon: "`jitnoded`", control: "`jitnode-control`" };

export function settingsPage() {
  const section = (program) => {
    const rows = [...Object.values(settings), ...Object.values(signInSettings)]
      .filter((setting) => setting.programs.includes(program))
      .map((setting) => {
        const accepts =
          setting.choices === undefined ? setting.kind : setting.choices.map((c) => `\`${c}\``).join(", ");
        const file = setting.secret === true ? ` Also as \`${setting.variable}_FILE\`.` : "";
        return `| \`${setting.variable}\` | ${accepts} | ${setting.fallback} | ${setting.text}${file} |`;
      });
    return `## ${programs[program]}\n\n| variable | accepts | default | meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  };
  return `# Settings

Made from \`src/config/settings.ts\` and \`sign-ins.ts\`; do not edit. A flag wins over a variable, a variable over a configuration file, that over the default.
Durations are seconds. Daemon and control plane warn at their start of a variable that is named like a setting of theirs and is none.

${["daemon", "cli", "control"].map(section).join("\n")}`;
}
