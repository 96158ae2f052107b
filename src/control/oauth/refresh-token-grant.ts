// The refresh_token grant of jitnode-cli (RFC 6749 section 6), rotated at each use and bound to a key (RFC 9700
// section 2.2.2). A lost answer is repeated: within the retry window the previous token gives the same successor.
// A token that comes back later than that ends its family.

import { asThumbprint } from "../../domain/ids.js";
import { clients, scopes } from "../../protocol/versions.js";
import type { Tx } from "../context.js";
import { lockSession, revokeSession, rotateSession, type SessionWithAccount } from "../store/sessions.js";
import { refused, type GrantOutcome } from "./grant.js";
import type { GrantRequest } from "./device-code-grant.js";
import { clientOf, invalidProof, OAuthError, type OAuthContext } from "./oauth-context.js";
import type { Proof } from "./proofs.js";
import { currentRefreshToken, kindOfRefreshToken, parseRefreshToken } from "./refresh-tokens.js";
import { sessionEnd } from "./session-life.js";
import { asAccountId } from "../../domain/ids.js";

const unknown = refused("invalid_grant", "The refresh token is not valid for this client and key.");

export async function refreshTokenGrant(oauth: OAuthContext, request: GrantRequest): Promise<GrantOutcome> {
  const { body, proof } = request;
  const { store } = oauth.control;
  if (clientOf(body.client_id) !== clients.cli) {
    throw new OAuthError("unauthorized_client", "This client has no refresh tokens.");
  }
  const token = body.refresh_token;
  if (token === undefined) throw new OAuthError("invalid_request", "refresh_token is missing.");
  if (proof === undefined) throw invalidProof("there is no DPoP header");
  const parsed = parseRefreshToken(token);
  if (parsed === undefined) return unknown;

  return store.transaction(async (tx) => {
    const session = await lockSession(tx, parsed.sessionId);
    if (session === undefined || session.dpop_jkt !== proof.jkt) return unknown;
    const kind = kindOfRefreshToken(token, parsed, session, oauth.control.secrets);
    const now = oauth.control.clock.now();
    if (kind === "foreign" || sessionEnd(session) <= now || session.disabled_at !== null) return unknown;
    const scope = body.scope ?? session.scope;
    if (scope !== session.scope && !(session.scope === scopes.people && scope === scopes.activate)) {
      return refused("invalid_scope", "The session does not have this scope.");
    }
    if (!oauth.hasFreshNonce(proof)) {
      return refused("use_dpop_nonce", "Repeat the request with the nonce of the DPoP-Nonce header.");
    }
    await oauth.useOnce(tx, proof);
    const lost = kind === "previous" && now - session.rotated_at <= oauth.control.config.retryWindow * 1000;
    if (kind !== "current" && !lost) return endFamily(oauth, tx, session, request.address);
    // After a rewrap the current token cannot be made again; then a lost answer moves the session on, too.
    const again = lost ? currentRefreshToken(session, oauth.control.secrets) : undefined;
    const refreshToken = again ?? (await rotate(oauth, tx, session, token));
    return grant(session, scope, proof, refreshToken);
  });
}

async function rotate(oauth: OAuthContext, tx: Tx, session: SessionWithAccount, given: string): Promise<string> {
  const { clock, secrets } = oauth.control;
  const generation = session.generation + 1;
  const successor = secrets.refreshToken(session.id, generation);
  await rotateSession(tx, session.id, {
    generation,
    tokenHash: secrets.hash(successor),
    previousTokenHash: secrets.hash(given),
    at: clock.now(),
  });
  return successor;
}

function grant(session: SessionWithAccount, scope: string, proof: Proof, refreshToken: string): GrantOutcome {
  const jkt = asThumbprint(session.dpop_jkt) ?? proof.jkt;
  return {
    kind: "person",
    accountId: session.account_id,
    sessionId: session.id,
    scope,
    jkt,
    refreshToken,
  };
}

/** RFC 9700 section 4.14.2: somebody has a token that was replaced long ago. Committed, although refused. */
async function endFamily(
  oauth: OAuthContext,
  tx: Tx,
  session: SessionWithAccount,
  address: string,
): Promise<GrantOutcome> {
  const { audit, clock, events, metrics } = oauth.control;
  await revokeSession(tx, session.id, clock.now());
  await audit.write(tx, {
    action: "session.reuse_detected",
    actor: { kind: "account", id: session.account_id },
    subject: session.id,
    address,
  });
  const accountId = asAccountId(session.account_id);
  if (accountId !== undefined) await events.publish(tx, { type: "session_ended", accountId });
  tx.afterCommit(() => metrics.count("refresh_token_reuse_total"));
  return refused("invalid_grant", "The refresh token was used before; the session has been ended.");
}
