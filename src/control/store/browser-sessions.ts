// Rows of signed-in browsers, found by the SHA-256 of their cookie.

import type { AccountId } from "../../domain/ids.js";
import type { Accounts, BrowserSessions } from "./schema.js";
import { statement } from "./statement.js";
import { entry, type Executor, type Tx } from "./store.js";

/** A live session together with what every page says about its person. */
export interface BrowserSessionRow extends BrowserSessions {
  readonly account_id: string;
  readonly account_name: string;
  readonly account_origin: Accounts["origin"];
  readonly disabled_at: number | null;
}

const insertion = statement((db, row: BrowserSessions) => db.insertInto("browser_sessions").values(row));

export async function insertBrowserSession(tx: Tx, session: BrowserSessions): Promise<void> {
  await insertion(tx, session);
}

const living = statement((db, the: { readonly idHash: string }) =>
  db
    .selectFrom("browser_sessions")
    .innerJoin("accounts", "accounts.id", "browser_sessions.account_id")
    .selectAll("browser_sessions")
    .select([
      "accounts.id as account_id",
      "accounts.name as account_name",
      "accounts.origin as account_origin",
      "accounts.disabled_at",
    ])
    .where("browser_sessions.id_hash", "=", entry(the.idHash))
    .where("browser_sessions.revoked_at", "is", null),
);

export async function findBrowserSession(executor: Executor, idHash: string): Promise<BrowserSessionRow | undefined> {
  return (await living(executor, { idHash })).rows[0];
}

/** By its public id: is it still signed in, as far as ending it goes? */
export async function isBrowserSignedIn(executor: Executor, id: string): Promise<boolean> {
  const row = await executor.db
    .selectFrom("browser_sessions")
    .select("id")
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

export async function touchBrowserSession(executor: Executor, idHash: string, now: number): Promise<void> {
  await executor.db
    .updateTable("browser_sessions")
    .set({ last_used_at: now })
    .where("id_hash", "=", idHash)
    .where("last_used_at", "<", now)
    .execute();
}

export async function endBrowserSession(executor: Executor, idHash: string, now: number): Promise<void> {
  await executor.db
    .updateTable("browser_sessions")
    .set({ revoked_at: now })
    .where("id_hash", "=", idHash)
    .where("revoked_at", "is", null)
    .execute();
}

export async function endBrowserSessionsOf(tx: Tx, accountId: AccountId, now: number): Promise<void> {
  await tx.db
    .updateTable("browser_sessions")
    .set({ revoked_at: now })
    .where("account_id", "=", accountId)
    .where("revoked_at", "is", null)
    .execute();
}

export async function deleteExpiredBrowserSessions(executor: Executor, before: number): Promise<void> {
  await executor.db.deleteFrom("browser_sessions").where("expires_at", "<=", before).execute();
}
