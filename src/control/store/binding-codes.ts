// Rows of binding codes: at most one current one per organization (partial unique index), revoked ones stay.

import type { BindingCodes } from "./schema.js";
import type { Executor, Tx } from "./store.js";

export async function insertBindingCode(tx: Tx, row: BindingCodes): Promise<boolean> {
  const result = await tx.db
    .insertInto("binding_codes")
    .values(row)
    .onConflict((conflict) => conflict.column("lookup").doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export function findCurrentCode(executor: Executor, orgId: string): Promise<BindingCodes | undefined> {
  return executor.db
    .selectFrom("binding_codes")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
}

/** The organization whose current code has this look-up value. */
export async function findOrganizationByCode(executor: Executor, lookup: string): Promise<string | undefined> {
  const row = await executor.db
    .selectFrom("binding_codes")
    .select("org_id")
    .where("lookup", "=", lookup)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return row?.org_id;
}

export async function revokeCurrentCode(tx: Tx, orgId: string, at: number): Promise<void> {
  await tx.db
    .updateTable("binding_codes")
    .set({ revoked_at: at })
    .where("org_id", "=", orgId)
    .where("revoked_at", "is", null)
    .execute();
}
