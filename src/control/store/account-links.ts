// Rows of one-time links, found by the SHA-256 of their token.

import type { AccountLinks } from "./schema.js";
import type { Executor, Tx } from "./store.js";

export type LinkKind = AccountLinks["kind"];

export async function insertLink(executor: Executor, link: AccountLinks): Promise<void> {
  await executor.db.insertInto("account_links").values(link).execute();
}

export async function findUsableLink(
  executor: Executor,
  kind: LinkKind,
  tokenHash: string,
  now: number,
): Promise<AccountLinks | undefined> {
  return await executor.db
    .selectFrom("account_links")
    .selectAll()
    .where("token_hash", "=", tokenHash)
    .where("kind", "=", kind)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
}

/** True for exactly one of those who try: the condition is checked again once the row is ours. */
export async function markLinkUsed(tx: Tx, kind: LinkKind, tokenHash: string, now: number): Promise<boolean> {
  const result = await tx.db
    .updateTable("account_links")
    .set({ used_at: now })
    .where("token_hash", "=", tokenHash)
    .where("kind", "=", kind)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** A newer reset link of the same account takes the place of those before it. */
export async function endLinksOf(tx: Tx, accountId: string, now: number): Promise<void> {
  await tx.db
    .updateTable("account_links")
    .set({ used_at: now })
    .where("account_id", "=", accountId)
    .where("used_at", "is", null)
    .execute();
}

export async function endSetupLinks(tx: Tx, now: number): Promise<void> {
  await tx.db
    .updateTable("account_links")
    .set({ used_at: now })
    .where("kind", "=", "setup")
    .where("used_at", "is", null)
    .execute();
}

export async function deleteExpiredLinks(executor: Executor, before: number): Promise<void> {
  await executor.db.deleteFrom("account_links").where("expires_at", "<=", before).execute();
}
