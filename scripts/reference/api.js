// The OpenAPI document and its page, from the routes that the control plane registers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSettingsReader } from "../../dist/config/read.js";
import { readControlConfig } from "../../dist/control/config.js";
import { allRoutes } from "../../dist/control/http/routes.js";
import { createControlApp } from "../../dist/control/http/server.js";
import { openControl } from "../../dist/control/open.js";
import { createClock } from "../../dist/platform/clock.js";
import { createLog } from "../../dist/platform/log.js";
import { createRandom } from "../../dist/platform/random.js";

/** The document that a running control plane answers at `/openapi.json`. */
export async function openApiDocument() {
  const folder = mkdtempSync(join(tmpdir(), "jn-"));
  const config = readControlConfig(createSettingsReader({ JITNODE_CONTROL_DATA_DIR: folder }), folder);
  const log = createLog({ level: "silent", format: "json", program: "generate" });
  const opened = await openControl({ config, clock: createClock(), random: createRandom(), log }, "migrate");
  try {
    const { app } = createControlApp(opened.context, allRoutes);
    const answer = await app.inject({ method: "GET", url: "/openapi.json" });
    await app.close();
    return answer.json();
  } finally {
    await opened.close();
    rmSync(folder, { recursive: true });
  }
}

export function apiPage(document) {
  const rows = [];
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const statuses = Object.keys(operation.responses).join(", ");
      rows.push(`| \`${method.toUpperCase()} ${path}\` | ${operation.summary} | ${statuses} |`);
    }
  }
  return `# API of the control plane

Made from the routes; do not edit. The whole contract, with every schema, is [openapi.json](openapi.json), which a running control plane serves at \`/openapi.json\`.
Errors are problem documents (RFC 9457) whose codes stand in [errors.md](errors.md); the OAuth endpoints answer in OAuth's form.
Everything under \`/v1\` but public documents wants a DPoP-bound access token (RFC 9449).

| operation | what it does | answers |
|---|---|---|
${rows.join("\n")}
`;
}
