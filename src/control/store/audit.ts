// Rows of the audit log.

import type { AuditAction } from "../../domain/audit.js";
import type { OrganizationId } from "../../domain/ids.js";
import type { Audit } from "./schema.js";
import { statement } from "./statement.js";
import type { Executor, Tx } from "./store.js";

/** With the names of who did it and of whom or what it happened to, where these are accounts or nodes. */
export interface AuditRow extends Audit {
  readonly actor_account: string | null;
  readonly actor_node: string | null;
  readonly subject_account: string | null;
  readonly subject_node: string | null;
}

const insertion = statement((db, row: Audit) => db.insertInto("audit").values(row));

export async function insertAudit(tx: Tx, row: Audit): Promise<void> {
  await insertion(tx, row);
}

/** Newest first; `before` is an entry's id. `without`: actions that are passed over. */
export function listAudit(
  executor: Executor,
  orgId: OrganizationId,
  page: { readonly before: string | undefined; readonly limit: number; readonly without: readonly AuditAction[] },
): Promise<readonly AuditRow[]> {
  let query = executor.db
    .selectFrom("audit")
    .leftJoin("accounts as actors", "actors.id", "audit.actor_id")
    .leftJoin("nodes as acting", "acting.id", "audit.actor_id")
    .leftJoin("accounts as people", "people.id", "audit.subject")
    .leftJoin("nodes as things", "things.id", "audit.subject")
    .selectAll("audit")
    .select(["actors.name as actor_account", "acting.name as actor_node"])
    .select(["people.name as subject_account", "things.name as subject_node"])
    .where("audit.org_id", "=", orgId)
    .where("audit.action", "not in", page.without)
    .orderBy("audit.id", "desc")
    .limit(page.limit);
  if (page.before !== undefined) query = query.where("audit.id", "<", page.before);
  return query.execute();
}

/** Who removed this account from that organization last; whether it has come back is not said. */
export async function findRemoval(executor: Executor, orgId: string, accountId: string): Promise<string | undefined> {
  const row = await executor.db
    .selectFrom("audit")
    .select("actor_id")
    .where("org_id", "=", orgId)
    .where("action", "=", "member.removed")
    .where("subject", "=", accountId)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.actor_id;
}
