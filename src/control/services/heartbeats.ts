// Heartbeats: signed by the node's key, so that they prove which key is alive and not merely who holds a token.

import { compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from "jose";
import { judgeHeartbeat } from "../../domain/heartbeat.js";
import { asOrganizationId } from "../../domain/ids.js";
import { asClaim } from "../../domain/names.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import { heartbeatClaims, type HeartbeatAnswer, type HeartbeatClaims } from "../../protocol/nodes.js";
import { asJson } from "../../protocol/parse.js";
import { proofAlgorithms } from "../../protocol/versions.js";
import type { ControlContext, NodeActor } from "../context.js";
import { findLatestBinding } from "../store/bindings.js";
import { lockNode, updateNode } from "../store/nodes.js";

export interface Heartbeats {
  /** Refuses: node_unknown, invalid_request, not_bound. */
  receive(actor: NodeActor, jws: string): Promise<HeartbeatAnswer>;
}

export function createHeartbeats(context: ControlContext): Heartbeats {
  const { clock, store, audit } = context;

  return {
    receive: (actor, jws) =>
      store.transaction(async (tx) => {
        const node = await lockNode(tx, actor.nodeId);
        if (node === undefined) throw new JitnodeError("node_unknown");
        const claims = await verify(jws, node.public_jwk, node.thumbprint);
        const binding = await findLatestBinding(tx, actor.nodeId);
        if (binding === undefined || binding.ended_at !== null || binding.id !== claims.binding_id) {
          throw new JitnodeError("not_bound", { message: "The heartbeat is for a binding that is not this node's." });
        }

        const now = clock.now();
        const verdict = judgeHeartbeat(
          { bootId: node.boot_id, previousBootId: node.previous_boot_id, seq: node.seq },
          { bootId: claims.boot_id, seq: claims.seq },
        );
        const suspicious = verdict.kind === "possible_copy";
        await updateNode(tx, node.id, {
          last_seen_at: now,
          version: asClaim(claims.version) ?? node.version,
          boot_id: verdict.state.bootId,
          previous_boot_id: verdict.state.previousBootId,
          seq: verdict.state.seq,
          ...(suspicious ? { possible_copy_at: now } : {}),
        });
        // Once per suspicion: two copies take turns every minute.
        if (suspicious && node.possible_copy_at === null) {
          await audit.write(tx, {
            action: "node.possible_copy",
            actor: { kind: "node", id: actor.nodeId },
            orgId: asOrganizationId(binding.org_id),
            subject: actor.nodeId,
            detail: { reason: verdict.reason, binding_id: binding.id },
            address: actor.address,
          });
        }
        return { received_at: toDate(now), possible_copy: suspicious || node.possible_copy_at !== null };
      }),
  };
}

const invalid = (message: string): JitnodeError => new JitnodeError("invalid_request", { message });

/** A compact JWS of this very key (RFC 7515); whatever else it says is refused. */
async function verify(jws: string, publicJwk: string, thumbprint: string): Promise<HeartbeatClaims> {
  try {
    const algorithm = algorithmOf(jws);
    // The stored key decides what the algorithm may be: importing it for another one fails.
    const { payload, protectedHeader } = await compactVerify(
      jws,
      await importJWK(JSON.parse(publicJwk) as JWK, algorithm),
      { algorithms: [algorithm] },
    );
    if (protectedHeader.typ !== "jitnode-heartbeat+jwt" || protectedHeader.kid !== thumbprint) {
      throw invalid("The heartbeat's header is not that of this node.");
    }
    const claims = asJson(heartbeatClaims, Buffer.from(payload).toString("utf8"));
    if (claims === undefined) throw invalid("The heartbeat's claims are not of the expected form.");
    return claims;
  } catch (error) {
    if (error instanceof JitnodeError) throw error;
    throw invalid("The heartbeat is not signed by this node's key.");
  }
}

function algorithmOf(jws: string): string {
  const { alg } = decodeProtectedHeader(jws);
  const algorithm = proofAlgorithms.find((known) => known === alg);
  if (algorithm === undefined) throw new errors.JOSEAlgNotAllowed("alg");
  return algorithm;
}
