// Who calls /v1: an access token bound to a key, and a proof by that key (RFC 9449 section 7). A cookie or a Bearer
// token never counts. What the token says is checked again in the database at every request: a session that was
// revoked and an account that was disabled end at once, not when the token expires.

import { hash } from "node:crypto";
import type { FastifyRequest, preHandlerAsyncHookHandler } from "fastify";
import { asAccountId, asNodeId } from "../../domain/ids.js";
import { JitnodeError } from "../../protocol/errors.js";
import { clients, scopes, type PeopleScope } from "../../protocol/versions.js";
import type { Authentication, ControlContext, NodeActor, PersonActor } from "../context.js";
import type { Proof, Proofs } from "../oauth/proofs.js";
import { createReplayGuard } from "../oauth/replay.js";
import { sessionEnd } from "../oauth/session-life.js";
import type { AccessTokenClaims, AccessTokens } from "../services/access-tokens.js";
import { findNodeKey } from "../store/node-keys.js";
import { findSession } from "../store/sessions.js";
import { addressOf, publicTarget } from "./requests.js";

const harmless: ReadonlySet<string> = new Set(["GET", "HEAD"]);

export function createAuthentication(context: ControlContext, tokens: AccessTokens, proofs: Proofs): Authentication {
  const { clock, config, secrets, store } = context;
  const replay = createReplayGuard(context);
  const people = new WeakMap<FastifyRequest, PersonActor>();
  const nodes = new WeakMap<FastifyRequest, NodeActor>();

  const provenClaims = async (request: FastifyRequest): Promise<AccessTokenClaims> => {
    const token = tokenOf(request);
    const proof = await proofOf(request);
    const claims = await tokens.read(token);
    if (claims === undefined) {
      throw new JitnodeError("sign_in_needed", { message: "The access token is not valid, or has expired." });
    }
    const ath = hash("sha256", token, "base64url");
    if (proof.ath !== ath) throw badProof("ath is missing or belongs to another token");
    if (proof.jkt !== claims.jkt) throw badProof("the token is bound to another key");
    if (!harmless.has(request.method) && !(await replay.remember(store, proof))) throw badProof("jti was used before");
    return claims;
  };

  const proofOf = async (request: FastifyRequest): Promise<Proof> => {
    const result = await proofs.verify(request.headers["dpop"], {
      method: request.method,
      url: publicTarget(request, config.publicUrl),
    });
    if (result.kind === "missing") throw badProof("there is no DPoP header");
    if (result.kind === "invalid") throw badProof(result.reason);
    const { nonce } = result.proof;
    if (nonce === undefined || !secrets.isFreshNonce(nonce, clock.now())) throw new JitnodeError("dpop_nonce_required");
    return result.proof;
  };

  const person =
    (scope: PeopleScope): preHandlerAsyncHookHandler =>
    async (request) => {
      const claims = await provenClaims(request);
      const accountId = asAccountId(claims.subject);
      if (accountId === undefined || claims.sessionId === undefined || claims.clientId !== clients.cli) {
        throw new JitnodeError("sign_in_needed", { message: "The access token is not a person's." });
      }
      const session = await findSession(store, claims.sessionId);
      if (session === undefined || session.account_id !== accountId || session.dpop_jkt !== claims.jkt) {
        throw new JitnodeError("session_ended");
      }
      if (session.disabled_at !== null) throw new JitnodeError("account_disabled");
      if (sessionEnd(session) <= clock.now()) throw new JitnodeError("session_ended");
      const held: PeopleScope = claims.scope === scopes.people ? "people" : "activate";
      if (scope === "people" && held !== "people") throw new JitnodeError("scope_insufficient");
      people.set(request, {
        kind: "person",
        accountId,
        scope: held,
        sessionId: session.id,
        address: addressOf(request),
      });
    };

  const node = (): preHandlerAsyncHookHandler => async (request) => {
    const claims = await provenClaims(request);
    const nodeId = asNodeId(claims.subject);
    if (nodeId === undefined || claims.scope !== scopes.node) {
      throw new JitnodeError("node_unknown", { message: "The access token is not a node's." });
    }
    const known = await findNodeKey(store, nodeId);
    if (known === undefined || known.thumbprint !== claims.jkt) throw new JitnodeError("node_unknown");
    nodes.set(request, {
      kind: "node",
      nodeId,
      thumbprint: claims.jkt,
      address: addressOf(request),
      expiresAt: claims.expiresAt * 1000,
    });
  };

  return {
    person,
    node,
    personOf: (request) => people.get(request) ?? unguarded(),
    nodeOf: (request) => nodes.get(request) ?? unguarded(),
  };
}

/** RFC 9449 section 7.1; a DPoP-bound token sent as Bearer is refused like no token (section 7.2). */
function tokenOf(request: FastifyRequest): string {
  const match = /^DPoP +([\w.~+/=-]+) *$/i.exec(request.headers.authorization ?? "");
  if (match?.[1] === undefined) throw new JitnodeError("sign_in_needed");
  return match[1];
}

const badProof = (reason: string): JitnodeError =>
  new JitnodeError("dpop_proof_invalid", { message: `The proof of possession is not valid: ${reason}.` });

function unguarded(): never {
  throw new TypeError("the route is not guarded by this authentication");
}
