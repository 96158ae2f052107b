// Rows of bindings: at most one live one per node (partial unique index); ended ones stay.

import { sql } from "kysely";
import type { BindingId, NodeId, OrganizationId } from "../../domain/ids.js";
import type { PageRequest, Search } from "./organizations.js";
import type { Bindings, Nodes } from "./schema.js";
import { hasWritten, statement } from "./statement.js";
import { contains, entry, type Executor, type Span, type Tx } from "./store.js";

export type NewBinding = Pick<Bindings, "id" | "node_id" | "org_id" | "request_id" | "created_at" | "created_by">;

/** A node as its organization sees it. */
export interface BoundNode extends Pick<Nodes, "id" | "thumbprint" | "name" | "version" | "os"> {
  readonly last_seen_at: number | null;
  readonly connected_until: number | null;
  readonly possible_copy_at: number | null;
  readonly binding_id: string;
  readonly bound_at: number;
  readonly bound_by: string;
  readonly bound_by_name: string;
}

/** A node's binding with its organization's name. */
export type NodeBindingRow = Bindings & { readonly org_name: string };

const insertion = statement((db, row: NewBinding) =>
  db
    .insertInto("bindings")
    .values({ ...row, ended_at: null, ended_by: null, ended_by_account: null })
    .onConflict((conflict) => conflict.doNothing()),
);

/** False when the node has a live binding. */
export async function insertBinding(tx: Tx, row: NewBinding): Promise<boolean> {
  return hasWritten(await insertion(tx, row));
}

const latest = statement((db, the: { readonly nodeId: NodeId }) =>
  db
    .selectFrom("bindings")
    .selectAll("bindings")
    .select((row) =>
      row
        .selectFrom("organizations")
        .select("organizations.name")
        .whereRef("organizations.id", "=", "bindings.org_id")
        .$asScalar()
        .$notNull()
        .as("org_name"),
    )
    .where("bindings.node_id", "=", entry(the.nodeId))
    .orderBy((order) => order.case().when("bindings.ended_at", "is", null).then(0).else(1).end())
    .orderBy("bindings.ended_at", "desc")
    .orderBy("bindings.created_at", "desc")
    .limit(sql.lit(1)),
);

/** The live binding, or the one that ended last. */
export async function findLatestBinding(executor: Executor, nodeId: NodeId): Promise<NodeBindingRow | undefined> {
  return (await latest(executor, { nodeId })).rows[0];
}

/** Whether one that was made meanwhile has not ended. */
export async function anyLiveBinding(executor: Executor, made: Span): Promise<boolean> {
  const row = await executor.db
    .selectFrom("bindings")
    .select("id")
    .where("ended_at", "is", null)
    .where("created_at", ">=", made.from)
    .where("created_at", "<", made.to)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export interface Ending {
  readonly at: number;
  readonly by: "administrator" | "operator";
  readonly account: string | null;
}

/** Ends the node's live binding to this organization; returns its id, or undefined when there was none. */
export async function endBindingTo(
  tx: Tx,
  orgId: OrganizationId,
  nodeId: NodeId,
  ending: Ending,
): Promise<string | undefined> {
  const row = await tx.db
    .updateTable("bindings")
    .set({ ended_at: ending.at, ended_by: ending.by, ended_by_account: ending.account })
    .where("node_id", "=", nodeId)
    .where("org_id", "=", orgId)
    .where("ended_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  return row?.id;
}

/** Ends this binding of this node; returns its organization, or undefined when it had ended or is another's. */
export async function endBinding(
  tx: Tx,
  bindingId: BindingId,
  nodeId: NodeId,
  ending: Ending,
): Promise<string | undefined> {
  const row = await tx.db
    .updateTable("bindings")
    .set({ ended_at: ending.at, ended_by: ending.by, ended_by_account: ending.account })
    .where("id", "=", bindingId)
    .where("node_id", "=", nodeId)
    .where("ended_at", "is", null)
    .returning("org_id")
    .executeTakeFirst();
  return row?.org_id;
}

const boundNodes = (executor: Executor, orgId: OrganizationId) =>
  executor.db
    .selectFrom("bindings")
    .innerJoin("nodes", "nodes.id", "bindings.node_id")
    .innerJoin("accounts", "accounts.id", "bindings.created_by")
    .where("bindings.org_id", "=", orgId)
    .where("bindings.ended_at", "is", null)
    .select(["nodes.id", "nodes.thumbprint", "nodes.name", "nodes.version", "nodes.os"])
    .select(["nodes.last_seen_at", "nodes.connected_until", "nodes.possible_copy_at"])
    .select(["bindings.id as binding_id", "bindings.created_at as bound_at", "bindings.created_by as bound_by"])
    .select("accounts.name as bound_by_name");

export function listBoundNodes(
  executor: Executor,
  orgId: OrganizationId,
  page: PageRequest,
): Promise<readonly BoundNode[]> {
  let query = boundNodes(executor, orgId).orderBy("nodes.id").limit(page.limit);
  if (page.after !== undefined) query = query.where("nodes.id", ">", page.after);
  return query.execute();
}

/** By name; `text` is looked for in names and is a node's whole id. */
export function searchBoundNodes(
  executor: Executor,
  orgId: OrganizationId,
  search: Search,
): Promise<readonly BoundNode[]> {
  const { text } = search;
  let query = boundNodes(executor, orgId)
    .orderBy((order) => order.fn("lower", ["nodes.name"]))
    .orderBy("nodes.id")
    .limit(search.limit)
    .offset(search.skip);
  if (text !== undefined) query = query.where((or) => or.or([contains("nodes.name", text), or("nodes.id", "=", text)]));
  return query.execute();
}

export function findBoundNode(
  executor: Executor,
  orgId: OrganizationId,
  nodeId: NodeId,
): Promise<BoundNode | undefined> {
  return boundNodes(executor, orgId).where("nodes.id", "=", nodeId).executeTakeFirst();
}
