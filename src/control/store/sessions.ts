// Sessions of terminals: families of refresh tokens. How a person lists and ends them is in own-sessions.ts.

import type { Selectable } from "kysely";
import type { Sessions } from "./schema.js";
import { statement } from "./statement.js";
import { locked, type Executor, type Span, type Tx } from "./store.js";

export type SessionRow = Selectable<Sessions>;
/** With what matters of its account. */
export type SessionWithAccount = SessionRow & { readonly disabled_at: number | null };

const withAccount = statement((db, the: { readonly id: string }) =>
  db
    .selectFrom("sessions")
    .selectAll("sessions")
    .select((row) =>
      row
        .selectFrom("accounts")
        .select("accounts.disabled_at")
        .whereRef("accounts.id", "=", "sessions.account_id")
        .as("disabled_at"),
    )
    .where("sessions.id", "=", the.id),
);

export async function insertSession(tx: Tx, row: SessionRow): Promise<void> {
  await tx.db.insertInto("sessions").values(row).execute();
}

export const findSession = async (executor: Executor, id: string): Promise<SessionWithAccount | undefined> =>
  (await withAccount(executor, { id })).rows[0];

/** Its row is the caller's until the commit. */
export async function lockSession(tx: Tx, id: string): Promise<SessionWithAccount | undefined> {
  const found = await locked(tx, tx.db.selectFrom("sessions").selectAll().where("id", "=", id)).executeTakeFirst();
  return found === undefined ? undefined : findSession(tx, id);
}

export interface Rotation {
  readonly generation: number;
  readonly tokenHash: string;
  readonly previousTokenHash: string;
  readonly at: number;
}

export async function rotateSession(tx: Tx, id: string, rotation: Rotation): Promise<void> {
  await tx.db
    .updateTable("sessions")
    .set({
      generation: rotation.generation,
      token_hash: rotation.tokenHash,
      previous_token_hash: rotation.previousTokenHash,
      rotated_at: rotation.at,
      last_used_at: rotation.at,
    })
    .where("id", "=", id)
    .execute();
}

/** False when it had ended before. */
export async function revokeSession(tx: Tx, id: string, at: number): Promise<boolean> {
  const result = await tx.db
    .updateTable("sessions")
    .set({ revoked_at: at })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Whether one that was opened meanwhile can still be used. */
export async function anyLiveSession(
  executor: Executor,
  made: Span,
  now: number,
  idleBefore: number,
): Promise<boolean> {
  const row = await executor.db
    .selectFrom("sessions")
    .select("id")
    .where("created_at", ">=", made.from)
    .where("created_at", "<", made.to)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", now)
    .where("last_used_at", ">", idleBefore)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Ended, expired or idle before `before`: nothing of theirs can still be answered. */
export async function deleteDeadSessions(executor: Executor, before: number, idleBefore: number): Promise<number> {
  const result = await executor.db
    .deleteFrom("sessions")
    .where((where) =>
      where.or([
        where("expires_at", "<", before),
        where("revoked_at", "<", before),
        where("last_used_at", "<", idleBefore),
      ]),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
