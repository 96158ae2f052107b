// Writes everything that is made from the code: docs/reference and schemas. `--check` only compares, and fails on drift.

import { mkdirSync, readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errorsPage } from "./reference/errors.js";
import { settingsPage } from "./reference/settings.js";
import { apiPage, openApiDocument } from "./reference/api.js";
import { commandsPage, commandSchemas } from "./reference/commands.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const check = process.argv.includes("--check");

const openApi = await openApiDocument();
const files = new Map([
  ["docs/reference/errors.md", errorsPage()],
  ["docs/reference/settings.md", settingsPage()],
  ["docs/reference/commands.md", await commandsPage()],
  ["docs/reference/api.md", apiPage(openApi)],
  ["docs/reference/openapi.json", `${JSON.stringify(openApi, null, 2)}\n`],
]);
for (const [name, schema] of await commandSchemas()) {
  files.set(`schemas/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
}

const drifted = [];
for (const [path, content] of files) {
  const full = join(root, path);
  const present = existsSync(full) ? readFileSync(full, "utf8") : undefined;
  if (present === content) continue;
  drifted.push(path);
  if (!check) {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }
}
for (const name of readdirSync(join(root, "schemas"))) {
  if (!files.has(`schemas/${name}`)) drifted.push(`schemas/${name} (no command has it)`);
}

if (check && drifted.length > 0) {
  console.error(`Out of date, run \`npm run generate\`:\n${drifted.map((path) => `  ${path}`).join("\n")}`);
  process.exitCode = 1;
} else {
  console.log(
    check
      ? `${files.size} generated files are up to date`
      : `${drifted.length} of ${files.size} generated files written`,
  );
}
