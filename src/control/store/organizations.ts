// Rows of organizations. Deleted ones stay, so that their ids are never given again; only living ones are found.

import { sql } from "kysely";
import type { AccountId, OrganizationId } from "../../domain/ids.js";
import type { Memberships, Organizations } from "./schema.js";
import { statement } from "./statement.js";
import { entry, locked, type Executor, type Tx } from "./store.js";

/** An organization as one of its members sees it. */
export interface OwnOrganization extends Pick<Organizations, "id" | "name" | "created_at"> {
  readonly role: Memberships["role"];
  readonly joined_at: number;
  readonly members: number;
  readonly nodes: number;
}

export interface PageRequest {
  readonly after: string | undefined;
  readonly limit: number;
}

/** A list by name: `text` is looked for, `skip` rows come before. */
export interface Search {
  readonly text: string | undefined;
  readonly skip: number;
  readonly limit: number;
}

/** False when the id was given before. */
export async function insertOrganization(tx: Tx, row: Organizations): Promise<boolean> {
  const result = await tx.db
    .insertInto("organizations")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

const hold = statement((db, the: { readonly id: string }, executor) =>
  locked(
    executor,
    db.selectFrom("organizations").select(["id", "name"]).where("id", "=", the.id).where("deleted_at", "is", null),
  ),
);

/** Every change of members, codes and bindings of an organization holds its row. */
export async function lockOrganization(tx: Tx, id: string): Promise<Pick<Organizations, "id" | "name"> | undefined> {
  return (await hold(tx, { id })).rows[0];
}

const own = (db: Executor["db"], accountId: AccountId) =>
  db
    .selectFrom("memberships")
    .innerJoin("organizations", "organizations.id", "memberships.org_id")
    .where("memberships.account_id", "=", entry(accountId))
    .where("organizations.deleted_at", "is", null)
    .select(["organizations.id", "organizations.name", "organizations.created_at"])
    .select(["memberships.role", "memberships.joined_at"])
    .select((from) => [
      from
        .selectFrom("memberships as others")
        .whereRef("others.org_id", "=", "organizations.id")
        .select((count) => count.fn.countAll<number>().as("members"))
        .$asScalar()
        .$notNull()
        .as("members"),
      from
        .selectFrom("bindings")
        .whereRef("bindings.org_id", "=", "organizations.id")
        .where("bindings.ended_at", "is", null)
        .select((count) => count.fn.countAll<number>().as("nodes"))
        .$asScalar()
        .$notNull()
        .as("nodes"),
    ]);

const ownById = statement((db, the: { readonly accountId: AccountId; readonly id: OrganizationId }) =>
  own(db, the.accountId).where("organizations.id", "=", the.id),
);

const ownPage = statement(
  (db, the: { readonly accountId: AccountId; readonly after: string; readonly limit: number }) =>
    own(db, the.accountId)
      .where("organizations.id", ">", the.after)
      .orderBy("organizations.id")
      // A sum, so that SQLite does not plan anew for each limit.
      .limit(sql<number>`(${the.limit} + 0)`),
);

/** Undefined for somebody who is not a member. */
export async function findOwnOrganization(
  executor: Executor,
  accountId: AccountId,
  id: OrganizationId,
): Promise<OwnOrganization | undefined> {
  return (await ownById(executor, { accountId, id })).rows[0];
}

export async function listOwnOrganizations(
  executor: Executor,
  accountId: AccountId,
  page: PageRequest,
): Promise<readonly OwnOrganization[]> {
  return (await ownPage(executor, { accountId, after: page.after ?? "", limit: page.limit })).rows;
}
