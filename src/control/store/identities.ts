// Rows of ways in, by provider + issuer + subject; those of local accounts by name are in accounts.ts.

import type { AccountId } from "../../domain/ids.js";
import type { Identities } from "./schema.js";
import { hasWritten, statement } from "./statement.js";
import type { Executor, Tx } from "./store.js";

export type IdentityKey = Pick<Identities, "provider" | "issuer" | "subject">;

const byKey = statement((db, the: IdentityKey) =>
  db
    .selectFrom("identities")
    .selectAll()
    .where("provider", "=", the.provider)
    .where("issuer", "=", the.issuer)
    .where("subject", "=", the.subject),
);

export async function findIdentity(executor: Executor, key: IdentityKey): Promise<Identities | undefined> {
  const { provider, issuer, subject } = key;
  return (await byKey(executor, { provider, issuer, subject })).rows[0];
}

/** Oldest first. */
export async function listIdentities(executor: Executor, accountId: AccountId): Promise<readonly Identities[]> {
  return await executor.db
    .selectFrom("identities")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("created_at")
    .orderBy("provider")
    .orderBy("subject")
    .execute();
}

type Touch = IdentityKey & Pick<Identities, "account_id" | "display" | "last_used_at">;

const touching = statement((db, { display, last_used_at, ...key }: Touch) =>
  db
    .updateTable("identities")
    .set({ display, last_used_at })
    .where("provider", "=", key.provider)
    .where("issuer", "=", key.issuer)
    .where("subject", "=", key.subject)
    .where("account_id", "=", key.account_id),
);

/** False where it is no longer that account's. */
export async function touchIdentity(
  tx: Tx,
  key: IdentityKey & Pick<Identities, "account_id">,
  seen: Pick<Identities, "display" | "last_used_at">,
): Promise<boolean> {
  const { provider, issuer, subject, account_id } = key;
  const { display, last_used_at } = seen;
  return hasWritten(await touching(tx, { provider, issuer, subject, account_id, display, last_used_at }));
}

export async function deleteIdentity(tx: Tx, key: IdentityKey): Promise<void> {
  await tx.db
    .deleteFrom("identities")
    .where("provider", "=", key.provider)
    .where("issuer", "=", key.issuer)
    .where("subject", "=", key.subject)
    .execute();
}

/** How many of `from` have a double under the name `to`. */
export async function countDoubles(tx: Tx, from: string, to: string): Promise<number> {
  const row = await tx.db
    .selectFrom("identities as old")
    .innerJoin("identities as taken", (join) =>
      join.onRef("taken.issuer", "=", "old.issuer").onRef("taken.subject", "=", "old.subject"),
    )
    .where("old.provider", "=", from)
    .where("taken.provider", "=", to)
    .select((build) => build.fn.countAll().as("n"))
    .executeTakeFirst();
  return Number(row?.n ?? 0);
}

/** Whether somebody comes by `to` from an issuer that nobody of `from` has: both under one name could not be told apart again. */
export async function anyOfOtherIssuer(tx: Tx, from: string, to: string): Promise<boolean> {
  const issuers = tx.db.selectFrom("identities").select("issuer").where("provider", "=", from);
  const row = await tx.db
    .selectFrom("identities")
    .select("subject")
    .where("provider", "=", to)
    .where("issuer", "not in", issuers)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The number of rows that have the new name now. */
export async function renameProvider(tx: Tx, from: string, to: string): Promise<number> {
  const result = await tx.db
    .updateTable("identities")
    .set({ provider: to })
    .where("provider", "=", from)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
