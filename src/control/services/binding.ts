// The binding of a node to an organization, written when its activation is approved.
// Invariants: one node per key, one live binding per node, one `node.bound` entry per binding.

import { asName } from "../../domain/names.js";
import { asThumbprint, createBindingId, nodeIdOf, type BindingId, type NodeId } from "../../domain/ids.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, PersonActor, Tx } from "../context.js";
import { insertBinding } from "../store/bindings.js";
import type { DeviceRequest } from "../store/device-requests.js";
import { insertNode, lockNodeByKey, updateNode } from "../store/nodes.js";
import { auditActorOf, type HeldOrganization } from "./access.js";

export interface MadeBinding {
  readonly bindingId: BindingId;
  readonly nodeId: NodeId;
}

/** Throws node_already_bound, which never says where; node_mismatch for an id that is known with another key. */
export async function bindNode(
  context: Pick<ControlContext, "clock" | "random" | "audit" | "events">,
  tx: Tx,
  actor: PersonActor,
  request: DeviceRequest,
  organization: HeldOrganization,
): Promise<MadeBinding> {
  const thumbprint = asThumbprint(request.dpop_jkt ?? "");
  if (thumbprint === undefined || request.public_jwk === null) {
    throw new JitnodeError("internal_error", { log: { reason: "request without a key", request: request.id } });
  }
  const now = context.clock.now();
  const nodeId = nodeIdOf(thumbprint);
  const claims = {
    name: asName(request.node_name) ?? nodeId,
    version: request.node_version,
    os: request.node_os,
  };
  const isNew = await insertNode(tx, {
    id: nodeId,
    thumbprint,
    public_jwk: request.public_jwk,
    ...claims,
    created_at: now,
  });
  if (!isNew) {
    const node = await lockNodeByKey(tx, thumbprint);
    if (node?.id !== nodeId) throw new JitnodeError("node_mismatch");
    // Somebody looked at this node just now: an earlier suspicion is settled, a copy would show itself again.
    await updateNode(tx, nodeId, { ...claims, possible_copy_at: null });
  }

  const bindingId = createBindingId((limit) => context.random.below(limit));
  const made = await insertBinding(tx, {
    id: bindingId,
    node_id: nodeId,
    org_id: organization.id,
    request_id: request.id,
    created_at: now,
    created_by: actor.accountId,
  });
  if (!made) throw new JitnodeError("node_already_bound");
  await context.audit.write(tx, {
    action: "node.bound",
    actor: auditActorOf(actor),
    orgId: organization.id,
    subject: nodeId,
    detail: { binding_id: bindingId, key_thumbprint: thumbprint },
    address: actor.address,
  });
  await context.events.publish(tx, { type: "binding_changed", nodeId });
  await context.events.publish(tx, { type: "organization_changed", orgId: organization.id });
  return { bindingId, nodeId };
}
