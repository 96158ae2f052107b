// A person's terminals and browsers as they list and end them; how sessions live is for store/sessions and
// store/browser-sessions.

import type { AccountId, OrganizationId } from "../../domain/ids.js";
import { clients } from "../../protocol/versions.js";
import type { BrowserSessions, Sessions } from "./schema.js";
import type { Executor, Tx } from "./store.js";

const listed = ["id", "address", "agent", "created_at", "last_used_at", "expires_at"] as const;

export type TerminalRow = Pick<Sessions, (typeof listed)[number] | "scope" | "revoked_at">;
export type BrowserRow = Pick<BrowserSessions, (typeof listed)[number]>;

/** Most recently used first. */
export function listTerminals(
  executor: Executor,
  accountId: AccountId,
  now: number,
  limit: number,
): Promise<readonly TerminalRow[]> {
  return executor.db
    .selectFrom("sessions")
    .select(listed)
    .select(["scope", "revoked_at"])
    .where("account_id", "=", accountId)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", now)
    .orderBy("last_used_at", "desc")
    .limit(limit)
    .execute();
}

export function listBrowsers(
  executor: Executor,
  accountId: AccountId,
  now: number,
  limit: number,
): Promise<readonly BrowserRow[]> {
  return executor.db
    .selectFrom("browser_sessions")
    .select(listed)
    .where("account_id", "=", accountId)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", now)
    .orderBy("last_used_at", "desc")
    .limit(limit)
    .execute();
}

/** Ends a session of this person, of either kind; false when there was none. */
export async function endOwnSession(tx: Tx, accountId: AccountId, id: string, now: number): Promise<boolean> {
  const terminal = await tx.db
    .updateTable("sessions")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("account_id", "=", accountId)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  const browser = await tx.db
    .updateTable("browser_sessions")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("account_id", "=", accountId)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return terminal.numUpdatedRows + browser.numUpdatedRows > 0n;
}

/**
 * The terminals this person signed in on that organization's nodes, also those that have not fetched their tokens; these
 * first, as in `endTerminals`.
 */
export async function endSessionsFromNodesOf(
  tx: Tx,
  accountId: AccountId,
  orgId: OrganizationId,
  now: number,
): Promise<readonly string[]> {
  await tx.db
    .updateTable("device_requests")
    .set({ state: "revoked" })
    .where("decided_by", "=", accountId)
    .where("org_hint", "=", orgId)
    .where("state", "=", "approved")
    .where("client_id", "=", clients.cli)
    .where("redeemed_at", "is", null)
    .execute();
  const rows = await tx.db
    .updateTable("sessions")
    .set({ revoked_at: now })
    .where("account_id", "=", accountId)
    .where("org_hint", "=", orgId)
    .where("revoked_at", "is", null)
    .returning("id")
    .execute();
  return rows.map((row) => row.id);
}
