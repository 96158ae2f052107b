// Rows of sign-ins under way at providers, found by the SHA-256 of their state and of the browser's cookie.

import type { SignInAttempts } from "./schema.js";
import { hasWritten, statement } from "./statement.js";
import type { Executor, Tx } from "./store.js";

export interface AttemptKey {
  readonly stateHash: string;
  readonly browserHash: string;
  readonly provider: string;
}

/** Who the provider says it is. */
export type AttemptAnswer = Pick<SignInAttempts, "issuer" | "subject" | "name" | "display">;

export async function insertAttempt(tx: Tx, attempt: SignInAttempts): Promise<void> {
  await tx.db.insertInto("sign_in_attempts").values(attempt).execute();
}

const started = statement((db, the: AttemptKey & { readonly now: number }) =>
  db
    .selectFrom("sign_in_attempts")
    .selectAll()
    .where("state_hash", "=", the.stateHash)
    .where("browser_hash", "=", the.browserHash)
    .where("provider", "=", the.provider)
    .where("answered_at", "is", null)
    .where("expires_at", ">", the.now),
);

const answering = statement((db, the: { readonly stateHash: string; readonly now: number }) =>
  db
    .updateTable("sign_in_attempts")
    .set({ answered_at: the.now })
    .where("state_hash", "=", the.stateHash)
    .where("answered_at", "is", null)
    .where("expires_at", ">", the.now),
);

/** What this browser has started and no callback has answered yet. */
export async function findStarted(
  executor: Executor,
  key: AttemptKey,
  now: number,
): Promise<SignInAttempts | undefined> {
  return (await started(executor, { ...key, now })).rows[0];
}

/** True for exactly one of those who try. */
export async function markAttemptAnswered(executor: Executor, stateHash: string, now: number): Promise<boolean> {
  return hasWritten(await answering(executor, { stateHash, now }));
}

/** Keeps who came until they have said what is missing. */
export async function keepAnswer(
  tx: Tx,
  stateHash: string,
  answer: AttemptAnswer & Pick<SignInAttempts, "expires_at">,
): Promise<void> {
  await tx.db.updateTable("sign_in_attempts").set(answer).where("state_hash", "=", stateHash).execute();
}

/** Answered, known to be somebody new, and not yet used. */
export async function findUnfinished(
  executor: Executor,
  key: Pick<AttemptKey, "stateHash" | "browserHash">,
  now: number,
): Promise<SignInAttempts | undefined> {
  return await executor.db
    .selectFrom("sign_in_attempts")
    .selectAll()
    .where("state_hash", "=", key.stateHash)
    .where("browser_hash", "=", key.browserHash)
    .where("subject", "is not", null)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
}

/** True for one of those who try. */
export async function markAttemptUsed(tx: Tx, stateHash: string, now: number): Promise<boolean> {
  const result = await tx.db
    .updateTable("sign_in_attempts")
    .set({ used_at: now })
    .where("state_hash", "=", stateHash)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function deleteExpiredAttempts(executor: Executor, before: number): Promise<void> {
  await executor.db.deleteFrom("sign_in_attempts").where("expires_at", "<=", before).execute();
}
