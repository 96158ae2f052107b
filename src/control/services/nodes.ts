// An organization's nodes as its members see them, and the unbinding by an administrator.

import { asNodeId } from "../../domain/ids.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { OrganizationNode } from "../../protocol/people.js";
import type { ControlContext, PersonActor } from "../context.js";
import { endBindingTo, findBoundNode, listBoundNodes, searchBoundNodes, type BoundNode } from "../store/bindings.js";
import { auditActorOf, holdOrganization, requireAccess } from "./access.js";
import { toFound, toPage, type Found, type Page, type PageInput, type SearchInput } from "./paging.js";

export interface Nodes {
  list(actor: PersonActor, org: string, page: PageInput): Promise<Page<OrganizationNode>>;
  search(actor: PersonActor, org: string, search: SearchInput): Promise<Found<OrganizationNode>>;
  show(actor: PersonActor, org: string, node: string): Promise<OrganizationNode>;
  /** Administrators only; nothing happens where the node is not bound to this organization (any more). */
  unbind(actor: PersonActor, org: string, node: string): Promise<void>;
}

export function createNodes(context: ControlContext): Nodes {
  const { clock, store } = context;

  return {
    async list(actor, org, page) {
      const id = await requireAccess(store, actor, org, "see");
      const rows = await listBoundNodes(store, id, { ...page, limit: page.limit + 1 });
      const now = clock.now();
      return toPage(
        rows,
        page.limit,
        (row) => toNode(row, now),
        (row) => row.id,
      );
    },

    async search(actor, org, search) {
      const id = await requireAccess(store, actor, org, "see");
      const rows = await searchBoundNodes(store, id, { ...search, limit: search.limit + 1 });
      const now = clock.now();
      return toFound(rows, search.limit, (row) => toNode(row, now));
    },

    async show(actor, org, node) {
      const id = await requireAccess(store, actor, org, "see");
      const nodeId = asNodeId(node);
      const row = nodeId && (await findBoundNode(store, id, nodeId));
      if (row === undefined) throw new JitnodeError("node_not_found");
      return toNode(row, clock.now());
    },

    unbind: (actor, org, node) =>
      store.transaction(async (tx) => {
        const { id } = await holdOrganization(tx, actor, org, "unbind_node");
        const nodeId = asNodeId(node);
        if (nodeId === undefined) return;
        const bindingId = await endBindingTo(tx, id, nodeId, {
          at: clock.now(),
          by: "administrator",
          account: actor.accountId,
        });
        if (bindingId === undefined) return;
        await context.audit.write(tx, {
          action: "node.unbound",
          actor: auditActorOf(actor),
          orgId: id,
          subject: nodeId,
          detail: { binding_id: bindingId, by: "administrator" },
          address: actor.address,
        });
        await context.events.publish(tx, { type: "binding_changed", nodeId });
        await context.events.publish(tx, { type: "organization_changed", orgId: id });
      }),
  };
}

function stateOf(row: BoundNode, now: number): OrganizationNode["state"] {
  if (row.connected_until !== null && row.connected_until > now) return "connected";
  return row.last_seen_at === null ? "never_connected" : "offline";
}

const toNode = (row: BoundNode, now: number): OrganizationNode => ({
  id: row.id,
  binding_id: row.binding_id,
  name: row.name,
  version: row.version,
  os: row.os,
  key_thumbprint: row.thumbprint,
  state: stateOf(row, now),
  last_seen_at: row.last_seen_at === null ? null : toDate(row.last_seen_at),
  possible_copy_at: row.possible_copy_at === null ? null : toDate(row.possible_copy_at),
  bound_at: toDate(row.bound_at),
  bound_by: { account_id: row.bound_by, name: row.bound_by_name },
});
