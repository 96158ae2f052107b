// Keys that sign access tokens: at most one signs, the retired ones verify until they are removed.

import { sql, type Selectable } from "kysely";
import type { SigningKeys } from "./schema.js";
import { statement } from "./statement.js";
import { locked, type Executor, type Tx } from "./store.js";

export type SigningKeyRow = Selectable<SigningKeys>;

const current = statement((db) =>
  db
    .selectFrom("signing_keys")
    .selectAll()
    .where("retired_at", "is", null)
    .orderBy("created_at", "desc")
    .limit(sql.lit(1)),
);

export const currentSigningKey = async (executor: Executor): Promise<SigningKeyRow | undefined> =>
  (await current(executor, {})).rows[0];

export const findSigningKey = (executor: Executor, kid: string): Promise<SigningKeyRow | undefined> =>
  executor.db.selectFrom("signing_keys").selectAll().where("kid", "=", kid).executeTakeFirst();

/** Those whose tokens may still live, the newest first. */
export const publishedSigningKeys = (executor: Executor, now: number): Promise<readonly SigningKeyRow[]> =>
  executor.db
    .selectFrom("signing_keys")
    .selectAll()
    .where((where) => where.or([where("remove_at", "is", null), where("remove_at", ">", now)]))
    .orderBy("created_at", "desc")
    .execute();

export const lockSigningKeys = (tx: Tx): Promise<readonly SigningKeyRow[]> =>
  locked(tx, tx.db.selectFrom("signing_keys").selectAll().orderBy("kid")).execute();

export async function insertSigningKey(tx: Tx, row: SigningKeyRow): Promise<void> {
  await tx.db.insertInto("signing_keys").values(row).execute();
}

export async function retireSigningKeys(tx: Tx, at: number, removeAt: number): Promise<void> {
  await tx.db
    .updateTable("signing_keys")
    .set({ retired_at: at, remove_at: removeAt })
    .where("retired_at", "is", null)
    .execute();
}

export async function resealSigningKey(tx: Tx, kid: string, privateEncrypted: string): Promise<void> {
  await tx.db.updateTable("signing_keys").set({ private_encrypted: privateEncrypted }).where("kid", "=", kid).execute();
}

export async function deleteRemovedKeys(executor: Executor, now: number): Promise<number> {
  const result = await executor.db.deleteFrom("signing_keys").where("remove_at", "<", now).executeTakeFirst();
  return Number(result.numDeletedRows);
}
