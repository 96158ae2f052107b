// Rows of memberships: who belongs to which organization, and as what.

import type { Role } from "../../domain/membership.js";
import type { PageRequest, Search } from "./organizations.js";
import type { Memberships } from "./schema.js";
import { statement } from "./statement.js";
import { contains, type Executor, type Tx } from "./store.js";

export type MemberRow = Memberships & { readonly name: string };

/** False for somebody who is a member already. */
export async function insertMembership(tx: Tx, row: Memberships): Promise<boolean> {
  const result = await tx.db
    .insertInto("memberships")
    .values(row)
    .onConflict((conflict) => conflict.columns(["org_id", "account_id"]).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

const roleOf = statement((db, the: { readonly orgId: string; readonly accountId: string }) =>
  db
    .selectFrom("memberships")
    .select("role")
    .where("org_id", "=", the.orgId)
    .where("account_id", "=", the.accountId)
    // Not `exists`, which SQLite makes a join of, planned anew for each value.
    .where(
      (row) =>
        row
          .selectFrom("organizations")
          .select("organizations.deleted_at")
          .whereRef("organizations.id", "=", "memberships.org_id"),
      "is",
      null,
    ),
);

export async function findRole(executor: Executor, orgId: string, accountId: string): Promise<Role | undefined> {
  return (await roleOf(executor, { orgId, accountId })).rows[0]?.role;
}

const membersOf = (executor: Executor, orgId: string) =>
  executor.db
    .selectFrom("memberships")
    .innerJoin("accounts", "accounts.id", "memberships.account_id")
    .selectAll("memberships")
    .select("accounts.name")
    .where("memberships.org_id", "=", orgId);

export function listMembers(executor: Executor, orgId: string, page: PageRequest): Promise<readonly MemberRow[]> {
  let query = membersOf(executor, orgId).orderBy("memberships.account_id").limit(page.limit);
  if (page.after !== undefined) query = query.where("memberships.account_id", ">", page.after);
  return query.execute();
}

/** By name; `text` is looked for in names and is an account's whole id. */
export function searchMembers(executor: Executor, orgId: string, search: Search): Promise<readonly MemberRow[]> {
  const { text } = search;
  let query = membersOf(executor, orgId)
    .orderBy((order) => order.fn("lower", ["accounts.name"]))
    .orderBy("memberships.account_id")
    .limit(search.limit)
    .offset(search.skip);
  if (text !== undefined)
    query = query.where((or) => or.or([contains("accounts.name", text), or("accounts.id", "=", text)]));
  return query.execute();
}

export function findMember(executor: Executor, orgId: string, accountId: string): Promise<MemberRow | undefined> {
  return membersOf(executor, orgId).where("memberships.account_id", "=", accountId).executeTakeFirst();
}

export async function countAdministrators(executor: Executor, orgId: string): Promise<number> {
  const row = await executor.db
    .selectFrom("memberships")
    .select((count) => count.fn.countAll<number>().as("administrators"))
    .where("org_id", "=", orgId)
    .where("role", "=", "administrator")
    .executeTakeFirstOrThrow();
  return row.administrators;
}

export async function deleteMembership(tx: Tx, orgId: string, accountId: string): Promise<void> {
  await tx.db.deleteFrom("memberships").where("org_id", "=", orgId).where("account_id", "=", accountId).execute();
}
