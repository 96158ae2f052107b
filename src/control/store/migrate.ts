// Brings a database to this version's schema, and refuses one that is newer. Also writes `control_plane_id`: random,
// made once, by which nodes tell this control plane from a replaced one at the same URL.

import { sql } from "kysely";
import { Migrator, type Migration } from "kysely/migration";
import { JitnodeError } from "../../protocol/errors.js";
import type { Random } from "../../platform/random.js";
import * as first from "./migrations/0001-first.js";
import * as signIns from "./migrations/0002-sign-ins.js";
import type { Store } from "./store.js";

/** In order; a released one is never changed and never removed. */
const migrations: Readonly<Record<string, Migration>> = { "0001-first": first, "0002-sign-ins": signIns };

/** In order. */
export const migrationNames: readonly string[] = Object.keys(migrations);

export const schemaVersion = migrationNames.length;

/** Returns the names of the migrations that were applied now. */
export async function migrate(store: Store, random: Random): Promise<readonly string[]> {
  const migrator = new Migrator({ db: store.db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const newer = error instanceof Error && /corrupted migrations/.test(error.message);
    throw new JitnodeError(newer ? "schema_newer" : "migration_failed", { cause: error });
  }
  await store.db
    .insertInto("metadata")
    .values({ key: "control_plane_id", value: random.token(16) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (results ?? []).filter((result) => result.status === "Success").map((result) => result.migrationName);
}

/** Throws `database_missing`, `schema_older` or `schema_newer` where the database is not at this version; changes nothing. */
export async function assertMigrated(store: Store): Promise<readonly string[]> {
  const tables = await store.db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === "kysely_migration")) throw new JitnodeError("database_missing");
  const { rows } = await sql<{ readonly name: string }>`select name from kysely_migration`.execute(store.db);
  if (rows.some((row) => !migrationNames.includes(row.name))) throw new JitnodeError("schema_newer");
  if (rows.length < migrationNames.length) throw new JitnodeError("schema_older");
  return [];
}

export async function readControlPlaneId(store: Store): Promise<string> {
  const row = await store.db
    .selectFrom("metadata")
    .select("value")
    .where("key", "=", "control_plane_id")
    .executeTakeFirstOrThrow();
  return row.value;
}
