// POST /oauth/revoke (RFC 7009): refresh and access tokens of terminals end their session, and device codes their
// request. 200 also where there was nothing to revoke. A node's device code needs a proof by the key it is bound to.

import { asAccountId } from "../../domain/ids.js";
import { revocationRequest } from "../../protocol/oauth.js";
import { clients } from "../../protocol/versions.js";
import type { Routes, Tx } from "../context.js";
import { addressOf } from "../http/requests.js";
import { route } from "../http/route.js";
import { lockByDeviceCode, revokeDeviceRequest, type DeviceRequest } from "../store/device-requests.js";
import { lockSession, revokeSession } from "../store/sessions.js";
import { invalidProof, nonceNeeded, type OAuthContext } from "./oauth-context.js";
import type { Proof } from "./proofs.js";
import { kindOfRefreshToken, parseRefreshToken } from "./refresh-tokens.js";

export function revokeRoute(oauth: OAuthContext): Routes {
  return (app, { store, secrets }, authentication) => {
    route(app, authentication, {
      method: "POST",
      url: "/oauth/revoke",
      summary: "Give up a session or a device request",
      caller: "public",
      body: revocationRequest,
      answers: { 200: null },
      oauthErrors: { 400: ["invalid_request", "invalid_dpop_proof", "use_dpop_nonce"], 415: ["invalid_request"] },
      async handler({ request, body }) {
        const proof = await oauth.proofOf(request);
        const address = addressOf(request);
        const belongs = (client: string): boolean => body.client_id === undefined || body.client_id === client;
        const claims = parseRefreshToken(body.token) === undefined ? await oauth.tokens.read(body.token) : undefined;

        await store.transaction(async (tx) => {
          const device = await lockByDeviceCode(tx, secrets.hash(body.token));
          if (device !== undefined) {
            if (belongs(device.client_id)) await revokeRequest(oauth, tx, device, proof);
          } else if (belongs(clients.cli)) {
            await endSession(oauth, tx, body.token, claims?.sessionId, address);
          }
        });
        return { status: 200 };
      },
    });
  };
}

async function revokeRequest(oauth: OAuthContext, tx: Tx, row: DeviceRequest, proof: Proof | undefined): Promise<void> {
  const now = oauth.control.clock.now();
  if (row.client_id !== clients.node) {
    await revokeDeviceRequest(tx, row.id, now, ["pending", "approved"]);
    return;
  }
  if (proof === undefined) throw invalidProof("there is no DPoP header");
  if (proof.jkt !== row.dpop_jkt) throw invalidProof("it is made with another key than the request's");
  if (!oauth.isRecent(proof)) throw nonceNeeded();
  await oauth.useOnce(tx, proof);
  // An approved one has its binding already; the node finds it by its key and releases it.
  await revokeDeviceRequest(tx, row.id, now, ["pending"]);
}

async function endSession(
  oauth: OAuthContext,
  tx: Tx,
  token: string,
  sessionOfAccessToken: string | undefined,
  address: string,
): Promise<void> {
  const { audit, clock, events, secrets } = oauth.control;
  const parsed = parseRefreshToken(token);
  const id = parsed?.sessionId ?? sessionOfAccessToken;
  const session = id === undefined ? undefined : await lockSession(tx, id);
  if (session === undefined) return;
  if (parsed !== undefined) {
    const kind = kindOfRefreshToken(token, parsed, session, secrets);
    if (kind !== "current" && kind !== "previous") return;
  }
  if (!(await revokeSession(tx, session.id, clock.now()))) return;
  await audit.write(tx, {
    action: "session.revoked",
    actor: { kind: "account", id: session.account_id },
    subject: session.id,
    address,
  });
  const accountId = asAccountId(session.account_id);
  if (accountId !== undefined) await events.publish(tx, { type: "session_ended", accountId });
}
