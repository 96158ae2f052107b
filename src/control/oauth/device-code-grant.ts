// The device_code grant (RFC 8628 section 3.4 and 3.5) of both clients.
//
// A row is looked at and changed under its lock: two polls at once see one another, and a request is redeemed once.
// Polling state is written although the answer is a refusal. A nonce is demanded only of a poll that would succeed.

import { asThumbprint } from "../../domain/ids.js";
import { clients, type PeopleScope } from "../../protocol/versions.js";
import type { TokenRequest } from "../../protocol/oauth.js";
import type { Tx } from "../context.js";
import { findAccount } from "../store/accounts.js";
import { lockByDeviceCode, markRedeemed, recordPoll, type DeviceRequest } from "../store/device-requests.js";
import { findNodeByKey } from "../store/node-keys.js";
import { findSession, insertSession } from "../store/sessions.js";
import { asAccountId } from "../../domain/ids.js";
import { refused, type GrantOutcome } from "./grant.js";
import { clientOf, OAuthError, type OAuthContext } from "./oauth-context.js";
import type { Proof } from "./proofs.js";
import { currentRefreshToken } from "./refresh-tokens.js";
import { sessionEnd, sessionExpiry } from "./session-life.js";

const step = 5_000;
const longestInterval = 60_000;
const tolerance = 1_000;

export interface GrantRequest {
  readonly body: TokenRequest;
  readonly proof: Proof | undefined;
  readonly address: string;
  readonly agent: string;
}

const useNonce = refused("use_dpop_nonce", "Repeat the request with the nonce of the DPoP-Nonce header.");
const unknown = refused("invalid_grant", "There is no such device code for this client and key.");

export async function deviceCodeGrant(oauth: OAuthContext, request: GrantRequest): Promise<GrantOutcome> {
  const { body, proof } = request;
  const client = clientOf(body.client_id);
  if (body.device_code === undefined) throw new OAuthError("invalid_request", "device_code is missing.");
  if (client === clients.node && proof === undefined) {
    throw new OAuthError("invalid_dpop_proof", "The DPoP proof is not valid: there is no DPoP header.");
  }
  const { store, secrets } = oauth.control;
  const hash = secrets.hash(body.device_code);
  return store.transaction(async (tx) => {
    const row = await lockByDeviceCode(tx, hash);
    if (row === undefined || row.client_id !== client) return unknown;
    if (row.dpop_jkt !== null && proof !== undefined && row.dpop_jkt !== proof.jkt) return unknown;
    return decideGrant(oauth, tx, row, request);
  });
}

async function decideGrant(
  oauth: OAuthContext,
  tx: Tx,
  row: DeviceRequest,
  request: GrantRequest,
): Promise<GrantOutcome> {
  const { clock, config } = oauth.control;
  const now = clock.now();
  if (row.redeemed_at !== null) {
    const inWindow = now - row.redeemed_at <= config.retryWindow * 1000;
    return inWindow && request.proof !== undefined
      ? repeat(oauth, tx, row, request.proof)
      : refused("invalid_grant", "The device code was used already.");
  }
  if (row.state === "denied") return refused("access_denied", "The request was denied.");
  if (now >= row.expires_at) return refused("expired_token", "The device code has expired.");
  switch (row.state) {
    case "revoked":
      return refused("invalid_grant", "The request was cancelled, or replaced by a newer one.");
    case "pending":
      return pending(tx, row, request.proof, now);
    case "approved":
      return redeem(oauth, tx, row, request, now);
  }
}

/** Early polls grow the interval that the next ones are measured by (RFC 8628 section 3.5). */
async function pending(tx: Tx, row: DeviceRequest, proof: Proof | undefined, now: number): Promise<GrantOutcome> {
  // With the short intervals of tests a whole second would forgive everything.
  const grace = Math.min(tolerance, row.interval_ms / 2);
  const early = row.last_polled_at !== null && now - row.last_polled_at + grace < row.interval_ms;
  await recordPoll(tx, row.id, {
    at: now,
    intervalMs: early ? Math.min(row.interval_ms + step, longestInterval) : row.interval_ms,
    // A terminal's request belongs to the key of its first proof.
    jkt: row.dpop_jkt ?? proof?.jkt ?? null,
  });
  return early
    ? refused("slow_down", "Poll more slowly: the interval grows by 5 seconds.")
    : refused("authorization_pending", "The request is not decided yet.");
}

async function redeem(
  oauth: OAuthContext,
  tx: Tx,
  row: DeviceRequest,
  request: GrantRequest,
  now: number,
): Promise<GrantOutcome> {
  const { proof } = request;
  if (proof === undefined)
    return refused("invalid_dpop_proof", "The DPoP proof is not valid: there is no DPoP header.");
  if (!oauth.hasFreshNonce(proof)) return useNonce;
  await oauth.useOnce(tx, proof);
  if (row.client_id === clients.node) {
    const outcome = await nodeOutcome(tx, proof);
    if (outcome.kind === "node") await markRedeemed(tx, row.id, { at: now, sessionId: null, jkt: proof.jkt });
    return outcome;
  }
  return openSession(oauth, tx, row, { ...request, proof }, now);
}

async function openSession(
  oauth: OAuthContext,
  tx: Tx,
  row: DeviceRequest,
  request: GrantRequest & { readonly proof: Proof },
  now: number,
): Promise<GrantOutcome> {
  const { audit, metrics, random, secrets } = oauth.control;
  const { proof, address, agent } = request;
  const accountId = asAccountId(row.decided_by ?? "");
  const account = accountId === undefined ? undefined : await findAccount(tx, accountId);
  if (account === undefined || account.disabled_at !== null) {
    return refused("access_denied", "The account that approved the request is disabled.");
  }
  const id = random.token(16);
  const scope = scopeOf(row.scope);
  const refreshToken = secrets.refreshToken(id, 1);
  await insertSession(tx, {
    id,
    account_id: account.id,
    client_id: row.client_id,
    dpop_jkt: proof.jkt,
    scope,
    org_hint: row.org_hint,
    address,
    agent,
    created_at: now,
    last_used_at: now,
    expires_at: sessionExpiry(scope, now),
    generation: 1,
    token_hash: secrets.hash(refreshToken),
    rotated_at: now,
    previous_token_hash: null,
    revoked_at: null,
  });
  await markRedeemed(tx, row.id, { at: now, sessionId: id, jkt: proof.jkt });
  await audit.write(tx, {
    action: "session.opened",
    actor: { kind: "account", id: account.id },
    subject: id,
    detail: { scope },
    address,
  });
  tx.afterCommit(() => metrics.count("sessions_opened_total", { scope }));
  return { kind: "person", accountId: account.id, sessionId: id, scope, jkt: proof.jkt, refreshToken };
}

/** The retry window: the same client and key get an equal grant, as long as the first one was not used to go on. */
async function repeat(oauth: OAuthContext, tx: Tx, row: DeviceRequest, proof: Proof): Promise<GrantOutcome> {
  const { clock, secrets } = oauth.control;
  if (proof.jkt !== row.dpop_jkt) return unknown;
  if (!oauth.hasFreshNonce(proof)) return useNonce;
  await oauth.useOnce(tx, proof);
  if (row.client_id === clients.node) return nodeOutcome(tx, proof);
  const session = row.session_id === null ? undefined : await findSession(tx, row.session_id);
  const jkt = asThumbprint(session?.dpop_jkt ?? "");
  const refreshToken = session?.generation === 1 ? currentRefreshToken(session, secrets) : undefined;
  const ended = session === undefined || session.disabled_at !== null || sessionEnd(session) <= clock.now();
  if (ended || jkt === undefined || refreshToken === undefined) {
    return refused("invalid_grant", "The device code was used already.");
  }
  return {
    kind: "person",
    accountId: session.account_id,
    sessionId: session.id,
    scope: session.scope,
    jkt,
    refreshToken,
  };
}

/** The node's row was made with its binding, when the request was approved. */
async function nodeOutcome(tx: Tx, proof: Proof): Promise<GrantOutcome> {
  const node = await findNodeByKey(tx, proof.jkt);
  return node === undefined
    ? refused("invalid_grant", "The node is not known.")
    : { kind: "node", nodeId: node.id, jkt: proof.jkt };
}

const scopeOf = (text: string): PeopleScope => (text === "people" ? "people" : "activate");
