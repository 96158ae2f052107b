// The page of error codes, from the registry.

import { errorRegistry } from "../../dist/protocol/errors.js";
import { exitCodes } from "../../dist/protocol/exit-codes.js";

export function errorsPage() {
  const rows = Object.entries(errorRegistry)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, entry]) =>
        `### \`${code}\`\n\n${entry.message} ${entry.hint}\n\nHTTP status ${entry.status}, exit code ${entry.exit}.\n`,
    );
  const exits = Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${name} |`);
  return `# Error codes

Made from \`src/protocol/errors.ts\`; do not edit. A code is never renamed and never gets another meaning.
Over HTTP it is the \`code\` of a problem document (RFC 9457), at the command line with \`--json\` the \`error.code\`.

## Exit codes

| code | meaning |
|---|---|
${exits.join("\n")}

## Codes

${rows.join("\n")}`;
}
