// Owns the recorded states in test/fixtures/state: where they are, and a copy of one to start programs on.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { Client } from "pg";
import { createDatabase } from "../support/postgres.js";
import { temporaryFolder } from "../support/temporary.js";

/** In every recorded binding: an address of the loopback network that nothing else listens on. */
export const recordedAddress = "127.70.70.1:7070";

/** A schema's own folder is of a control plane on SQLite; the one on PostgreSQL, with nodes of its own, lies in it. */
export type RecordedDatabase = "sqlite" | "postgres";

export const stateFolder = (schema: string, database: RecordedDatabase): string =>
  fileURLToPath(new URL(`../fixtures/state/${schema}${database === "postgres" ? "/postgres" : ""}`, import.meta.url));

export const recordedNodes = { bound: ["node.db", "node.key"], unbound: ["node.db", "node.key"] } as const;

const recordedFiles = {
  sqlite: { control: ["control.db", "control.key"], ...recordedNodes },
  postgres: { control: ["dump.sql", "control.key"], ...recordedNodes },
} as const;

export type Facts = {
  readonly schema: number;
  readonly bindingCode: string;
  readonly bound: object;
  readonly boundNode: string;
  readonly unboundNode: string;
};

export const recordedSchemas = (): readonly string[] =>
  readdirSync(fileURLToPath(new URL("../fixtures/state", import.meta.url))).sort();

/** The folders `control`, `bound` and `unbound` as they were, with the modes that git does not keep. */
export function copyRecorded(
  schema: string,
  database: RecordedDatabase = "sqlite",
): { readonly folder: string; readonly facts: Facts } {
  const folder = temporaryFolder();
  const from = stateFolder(schema, database);
  for (const [part, files] of Object.entries(recordedFiles[database])) {
    mkdirSync(join(folder, part), { mode: 0o700 });
    for (const file of files) {
      copyFileSync(join(from, part, file), join(folder, part, file));
      chmodSync(join(folder, part, file), 0o600);
    }
  }
  return { folder, facts: JSON.parse(readFileSync(join(from, "facts.json"), "utf8")) as Facts };
}

/** A database of its own, filled with a dump in SQL; lines for psql alone are passed over. */
export async function loadDump(file: string): Promise<{ readonly url: string }> {
  const database = await createDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(readFileSync(file, "utf8").replace(/^\\.*\n/gm, ""));
  } finally {
    await client.end();
  }
  return database;
}
