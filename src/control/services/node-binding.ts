// What a node learns about its own binding, by its key, and how its operator releases it.
// Only a binding that exists ends: repeating a release, or releasing what an administrator ended first, is fine.

import { asOrganizationId, type BindingId } from "../../domain/ids.js";
import { toDate } from "../../platform/clock.js";
import type { NodeBinding } from "../../protocol/nodes.js";
import type { ControlContext, Executor, NodeActor } from "../context.js";
import { endBinding, findLatestBinding } from "../store/bindings.js";

export interface NodeBindings {
  read(actor: Pick<NodeActor, "nodeId">): Promise<NodeBinding>;
  release(actor: NodeActor, bindingId: BindingId): Promise<void>;
}

export async function readNodeBinding(
  context: Pick<ControlContext, "controlPlaneId">,
  executor: Executor,
  { nodeId }: Pick<NodeActor, "nodeId">,
): Promise<NodeBinding> {
  const common = { node_id: nodeId, control_plane_id: context.controlPlaneId };
  const row = await findLatestBinding(executor, nodeId);
  if (row === undefined) return { state: "unbound", ...common };
  if (row.ended_at === null) {
    return {
      state: "bound",
      binding_id: row.id,
      ...common,
      organization: { id: row.org_id, name: row.org_name },
      bound_at: toDate(row.created_at),
    };
  }
  return {
    state: "unbound",
    ...common,
    binding_id: row.id,
    at: toDate(row.ended_at),
    by: row.ended_by ?? "administrator",
  };
}

export function createNodeBindings(context: ControlContext): NodeBindings {
  const { clock, store, audit, events } = context;

  return {
    read: (actor) => readNodeBinding(context, store, actor),

    release: (actor, bindingId) =>
      store.transaction(async (tx) => {
        const { nodeId } = actor;
        const ending = { at: clock.now(), by: "operator", account: null } as const;
        const orgId = asOrganizationId((await endBinding(tx, bindingId, nodeId, ending)) ?? "");
        if (orgId === undefined) return;
        await audit.write(tx, {
          action: "node.unbound",
          actor: { kind: "node", id: nodeId },
          orgId,
          subject: nodeId,
          detail: { binding_id: bindingId, by: "operator" },
          address: actor.address,
        });
        await events.publish(tx, { type: "binding_changed", nodeId });
        await events.publish(tx, { type: "organization_changed", orgId });
      }),
  };
}
