// jti values of proofs and assertions that must not come twice.

import type { Executor } from "./store.js";

/** False when it was seen before. */
export async function rememberProof(executor: Executor, id: string, expiresAt: number): Promise<boolean> {
  const result = await executor.db
    .insertInto("seen_proofs")
    .values({ id, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function deleteExpiredProofs(executor: Executor, now: number): Promise<number> {
  const result = await executor.db.deleteFrom("seen_proofs").where("expires_at", "<", now).executeTakeFirst();
  return Number(result.numDeletedRows);
}
