// The OpenAPI document and its page, from the routes that the control plane registers.

import { describeApi } from "../../dist/control/http/describe.js";

/** The document that `GET /openapi.json` answers, with a placeholder for the public URL. */
export const openApiDocument = async () => describeApi("https://control.example.com");

export async function apiPage() {
  const document = await openApiDocument();
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
