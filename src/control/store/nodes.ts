// Rows of nodes: one per key that was ever approved, kept after an unbind so that the node can still read about it.

import type { NodeId, Thumbprint } from "../../domain/ids.js";
import type { Nodes } from "./schema.js";
import { hasWritten, statement } from "./statement.js";
import { locked, type Executor, type Tx } from "./store.js";

export type NewNode = Pick<Nodes, "id" | "thumbprint" | "public_jwk" | "name" | "version" | "os" | "created_at">;

const insertion = statement((db, row: NewNode) =>
  db
    .insertInto("nodes")
    .values({
      ...row,
      last_seen_at: null,
      connected_until: null,
      boot_id: null,
      previous_boot_id: null,
      seq: 0,
      possible_copy_at: null,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

/** False, and nothing done, where the id or the thumbprint is known. */
export async function insertNode(tx: Tx, row: NewNode): Promise<boolean> {
  return hasWritten(await insertion(tx, row));
}

export function lockNodeByKey(tx: Tx, thumbprint: Thumbprint): Promise<Nodes | undefined> {
  return locked(tx, tx.db.selectFrom("nodes").selectAll().where("thumbprint", "=", thumbprint)).executeTakeFirst();
}

export function lockNode(tx: Tx, id: NodeId): Promise<Nodes | undefined> {
  return locked(tx, tx.db.selectFrom("nodes").selectAll().where("id", "=", id)).executeTakeFirst();
}

export type NodeChange = Partial<
  Pick<Nodes, "name" | "version" | "os" | "last_seen_at" | "boot_id" | "previous_boot_id" | "seq" | "possible_copy_at">
>;

export async function updateNode(tx: Tx, id: string, change: NodeChange): Promise<void> {
  await tx.db.updateTable("nodes").set(change).where("id", "=", id).execute();
}

/** While an event stream is open; `until` also tells whose stream it was when it closes. */
export async function markConnected(executor: Executor, id: NodeId, seenAt: number, until: number): Promise<void> {
  await executor.db
    .updateTable("nodes")
    .set({ last_seen_at: seenAt, connected_until: until })
    .where("id", "=", id)
    .execute();
}

/** Only where no newer stream has marked it since. */
export async function markDisconnected(executor: Executor, id: NodeId, until: number): Promise<void> {
  await executor.db
    .updateTable("nodes")
    .set({ connected_until: null })
    .where("id", "=", id)
    .where("connected_until", "=", until)
    .execute();
}
