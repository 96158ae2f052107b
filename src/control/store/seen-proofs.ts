// jti values of proofs and assertions that must not come twice.

import { hasWritten, statement } from "./statement.js";
import type { Executor } from "./store.js";

const insertion = statement((db, the: { readonly id: string; readonly expiresAt: number }) =>
  db
    .insertInto("seen_proofs")
    .values({ id: the.id, expires_at: the.expiresAt })
    .onConflict((conflict) => conflict.doNothing()),
);

/** False when it was seen before. */
export async function rememberProof(executor: Executor, id: string, expiresAt: number): Promise<boolean> {
  return hasWritten(await insertion(executor, { id, expiresAt }));
}

export async function deleteExpiredProofs(executor: Executor, now: number): Promise<number> {
  const result = await executor.db.deleteFrom("seen_proofs").where("expires_at", "<", now).executeTakeFirst();
  return Number(result.numDeletedRows);
}
