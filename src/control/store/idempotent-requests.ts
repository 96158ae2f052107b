// Rows of the requests that were answered and may be repeated (services/idempotency).

import type { IdempotentRequests } from "./schema.js";
import { hasWritten, statement } from "./statement.js";
import type { Executor, Tx } from "./store.js";

type Claim = Pick<IdempotentRequests, "scope_hash" | "body_hash" | "created_at" | "expires_at">;

const claiming = statement((db, row: Claim) =>
  db
    .insertInto("idempotent_requests")
    .values({ ...row, status: null, answer_encrypted: null })
    .onConflict((conflict) =>
      conflict
        .column("scope_hash")
        .doUpdateSet({ ...row, status: null, answer_encrypted: null })
        .where("idempotent_requests.expires_at", "<=", row.created_at),
    ),
);

/**
 * False when the scope is taken; an expired row makes room. On PostgreSQL this waits for a transaction that is taking
 * it now.
 */
export async function claimRequest(tx: Tx, row: Claim): Promise<boolean> {
  return hasWritten(await claiming(tx, row));
}

export function findRequest(executor: Executor, scopeHash: string): Promise<IdempotentRequests | undefined> {
  return executor.db
    .selectFrom("idempotent_requests")
    .selectAll()
    .where("scope_hash", "=", scopeHash)
    .executeTakeFirst();
}

const keeping = statement((db, the: { readonly scopeHash: string; readonly status: number; readonly sealed: string }) =>
  db
    .updateTable("idempotent_requests")
    .set({ status: the.status, answer_encrypted: the.sealed })
    .where("scope_hash", "=", the.scopeHash),
);

export async function keepAnswer(tx: Tx, scopeHash: string, status: number, sealed: string): Promise<void> {
  await keeping(tx, { scopeHash, status, sealed });
}

export async function forgetRequest(tx: Tx, scopeHash: string): Promise<void> {
  await tx.db.deleteFrom("idempotent_requests").where("scope_hash", "=", scopeHash).execute();
}

/** Housekeeping; expired rows are ignored whether they are there or not. */
export async function deleteExpiredRequests(executor: Executor, now: number): Promise<void> {
  await executor.db.deleteFrom("idempotent_requests").where("expires_at", "<=", now).execute();
}
