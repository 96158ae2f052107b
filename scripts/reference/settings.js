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
Durations are seconds. At its start the daemon warns of a \`JITNODE_\` variable that is no setting of any program, and says which one may have been meant; so does \`jitnode-control serve\`.
The daemon leaves names that begin with \`JITNODE_CONTROL_\` to the control plane; what Kubernetes sets for its services is left out.

${["daemon", "cli", "control"].map(section).join("\n")}`;
}
