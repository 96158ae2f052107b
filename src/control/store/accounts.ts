// Rows of accounts and of their ways in. Decides nothing; services/accounts.ts does.

import { sql } from "kysely";
import type { AccountId } from "../../domain/ids.js";
import type { Accounts, Identities } from "./schema.js";
import { statement } from "./statement.js";
import { entry, locked, type Executor, type Tx } from "./store.js";

/** A person and the name they sign in with here; null for somebody who signs in elsewhere only. */
export interface AccountWithLogin extends Accounts {
  readonly login: string | null;
}

/** Local accounts are this control plane's own: there is no issuer beside it. */
export const local = { provider: "local", issuer: "" } as const;

export async function anyAccount(executor: Executor): Promise<boolean> {
  const row = await executor.db.selectFrom("accounts").select("id").limit(1).executeTakeFirst();
  return row !== undefined;
}

/** Lets one transaction at a time decide who is first; the row is there since the first migration. */
export async function lockFirstAccount(tx: Tx): Promise<void> {
  await locked(tx, tx.db.selectFrom("metadata").select("value").where("key", "=", "control_plane_id")).execute();
}

export async function insertAccount(tx: Tx, account: Accounts): Promise<void> {
  await tx.db.insertInto("accounts").values(account).execute();
}

/** False where somebody has that way in already. */
export async function insertIdentity(tx: Tx, identity: Identities): Promise<boolean> {
  const result = await tx.db
    .insertInto("identities")
    .values(identity)
    .onConflict((conflict) => conflict.columns(["provider", "issuer", "subject"]).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

const withLogin = ({ db }: Pick<Executor, "db">) =>
  db
    .selectFrom("accounts")
    .leftJoin("identities", (join) =>
      join
        .onRef("identities.account_id", "=", "accounts.id")
        .on("identities.provider", "=", sql.lit(local.provider))
        .on("identities.issuer", "=", sql.lit(local.issuer)),
    )
    .selectAll("accounts")
    .select("identities.subject as login");

const byId = statement((db, the: { readonly id: AccountId }) =>
  withLogin({ db }).where("accounts.id", "=", entry(the.id)),
);

export async function findAccount(executor: Executor, id: AccountId): Promise<AccountWithLogin | undefined> {
  return (await byId(executor, { id })).rows[0];
}

export async function findAccountByLogin(executor: Executor, login: string): Promise<AccountWithLogin | undefined> {
  return await withLogin(executor).where("identities.subject", "=", entry(login)).executeTakeFirst();
}

/** Oldest first. */
export async function listAccounts(executor: Executor): Promise<readonly AccountWithLogin[]> {
  return await withLogin(executor).orderBy("accounts.created_at").orderBy("accounts.id").execute();
}

/** What a sign-in is checked against. */
export async function findLocalIdentity(
  executor: Executor,
  login: string,
): Promise<(Identities & Pick<Accounts, "disabled_at">) | undefined> {
  return await executor.db
    .selectFrom("identities")
    .innerJoin("accounts", "accounts.id", "identities.account_id")
    .selectAll("identities")
    .select("accounts.disabled_at")
    .where("identities.provider", "=", local.provider)
    .where("identities.issuer", "=", local.issuer)
    .where("identities.subject", "=", entry(login))
    .executeTakeFirst();
}

const hold = statement((db, the: { readonly id: AccountId }, executor) =>
  locked(executor, db.selectFrom("accounts").selectAll().where("id", "=", the.id)),
);

/** Locks the account's row, so that disabling and signing in never pass each other unseen. */
export async function lockAccount(tx: Tx, id: AccountId): Promise<Accounts | undefined> {
  return (await hold(tx, { id })).rows[0];
}

export async function setDisabled(tx: Tx, id: AccountId, at: number | null): Promise<void> {
  await tx.db.updateTable("accounts").set({ disabled_at: at }).where("id", "=", id).execute();
}

export async function setPasswordHash(tx: Tx, id: AccountId, hash: string): Promise<boolean> {
  const result = await tx.db
    .updateTable("identities")
    .set({ password_hash: hash })
    .where("account_id", "=", id)
    .where("provider", "=", local.provider)
    .where("issuer", "=", local.issuer)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Ends the terminals of an account, and takes back what was approved for terminals that have not fetched it yet. These
 * first: a redemption under way holds its request, so this waits for it, and then sees the session it has opened.
 */
export async function endTerminals(tx: Tx, id: AccountId, at: number): Promise<void> {
  await tx.db
    .updateTable("device_requests")
    .set({ state: "revoked" })
    .where("decided_by", "=", id)
    .where("client_id", "=", "jitnode-cli")
    .where("state", "=", "approved")
    .where("redeemed_at", "is", null)
    .execute();
  await tx.db
    .updateTable("sessions")
    .set({ revoked_at: at })
    .where("account_id", "=", id)
    .where("revoked_at", "is", null)
    .execute();
}
