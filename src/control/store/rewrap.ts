// What only `keys rewrap` reads and writes: sealed columns of all rows at once.

import type { BindingCodes } from "./schema.js";
import { locked, type Tx } from "./store.js";

/** Revoked ones too. */
export const lockBindingCodes = (tx: Tx): Promise<readonly BindingCodes[]> =>
  locked(tx, tx.db.selectFrom("binding_codes").selectAll().orderBy("id")).execute();

export async function resealBindingCode(tx: Tx, id: string, lookup: string, encrypted: string): Promise<void> {
  await tx.db.updateTable("binding_codes").set({ lookup, encrypted }).where("id", "=", id).execute();
}

export async function deleteAllAnswers(tx: Tx): Promise<void> {
  await tx.db.deleteFrom("idempotent_requests").execute();
}
