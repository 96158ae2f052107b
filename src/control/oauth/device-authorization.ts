// POST /oauth/device_authorization (RFC 8628 section 3.1) for both clients. A node's request is bound to its key by a
// DPoP proof from the start (after draft-parecki-oauth-dpop-device-flow).
//
// Freshness here: no nonce is required, so `iat` must be within five minutes. Whoever is further off is told
// `use_dpop_nonce`, and with the nonce the time no longer counts: a node with a wrong clock needs one more request.

import { createNumber, createUserCode, formatCode } from "../../domain/codes.js";
import { asOrganizationId } from "../../domain/ids.js";
import { asClaim, asName } from "../../domain/names.js";
import {
  deviceAuthorizationAnswer,
  deviceAuthorizationRequest,
  type DeviceAuthorizationAnswer,
  type DeviceAuthorizationRequest,
} from "../../protocol/oauth.js";
import { clients, scopes, type ClientId } from "../../protocol/versions.js";
import type { Routes } from "../context.js";
import { addressOf, agentOf } from "../http/requests.js";
import { route } from "../http/route.js";
import { insertDeviceRequest, revokePendingOfKey, type DeviceRequest } from "../store/device-requests.js";
import { clientOf, invalidProof, nonceNeeded, OAuthError, type OAuthContext } from "./oauth-context.js";
import type { Proof } from "./proofs.js";

/** User codes are unique among the requests that are kept: 20^8 of them, so a second collision hardly happens. */
const tries = 8;

type Claims = Pick<DeviceRequest, "scope" | "node_name" | "node_version" | "node_os" | "expected_org" | "org_hint">;

export function deviceAuthorizationRoute(oauth: OAuthContext): Routes {
  return (app, { limits }, authentication) => {
    route(app, authentication, {
      method: "POST",
      url: "/oauth/device_authorization",
      summary: "Start a device grant: an activation (jitnode-node) or a sign-in (jitnode-cli)",
      caller: "public",
      body: deviceAuthorizationRequest,
      answers: { 200: deviceAuthorizationAnswer },
      oauthErrors: {
        400: ["invalid_request", "invalid_client", "invalid_scope", "invalid_dpop_proof", "use_dpop_nonce"],
        415: ["invalid_request"],
        429: ["temporarily_unavailable"],
      },
      async handler({ request, body }) {
        const client = clientOf(body.client_id);
        const proof = await oauth.proofOf(request);
        if (client === clients.node && proof === undefined) throw invalidProof("there is no DPoP header");
        const claims = client === clients.node ? nodeClaims(body) : terminalClaims(body);
        if (proof !== undefined && !oauth.isRecent(proof)) throw nonceNeeded();
        const address = addressOf(request);
        await limits.check("device_request", { address });
        const agent = agentOf(request);
        return { status: 200, body: await start(oauth, { client, proof, claims, address, agent }) };
      },
    });
  };
}

interface Start {
  readonly client: ClientId;
  readonly proof: Proof | undefined;
  readonly claims: Claims;
  readonly address: string;
  readonly agent: string;
}

async function start(oauth: OAuthContext, request: Start): Promise<DeviceAuthorizationAnswer> {
  const { clock, config, limits, random, secrets, store, metrics } = oauth.control;
  const { client, proof } = request;
  const deviceCode = random.token(32);
  const number = createNumber((limit) => random.below(limit));
  const at = clock.now();

  const userCode = await store.transaction(async (tx) => {
    if (proof !== undefined) await oauth.useOnce(tx, proof);
    for (let attempt = 0; attempt < tries; attempt += 1) {
      // One live request per node key. Two at once: the second insert meets the unique index, and the loop
      // revokes what the first one has made.
      if (client === clients.node && proof !== undefined) await revokePendingOfKey(tx, proof.jkt, at);
      const code = createUserCode((limit) => random.below(limit));
      const inserted = await insertDeviceRequest(tx, {
        id: random.uuid(),
        device_code_hash: secrets.hash(deviceCode),
        user_code_lookup: secrets.lookup("user_code", code),
        client_id: client,
        dpop_jkt: proof?.jkt ?? null,
        public_jwk: client === clients.node && proof !== undefined ? JSON.stringify(proof.publicJwk) : null,
        number,
        state: "pending",
        wrong_numbers: 0,
        ...request.claims,
        address: request.address,
        agent: request.agent,
        created_at: at,
        expires_at: at + config.deviceCodeTtl * 1000,
        interval_ms: config.deviceInterval * 1000,
        last_polled_at: null,
        decided_at: null,
        decided_by: null,
        binding_id: null,
        session_id: null,
        redeemed_at: null,
      });
      if (!inserted) continue;
      await limits.use(tx, "device_request", { address: request.address });
      return formatCode(code);
    }
    throw new Error("no free user code was found");
  });
  metrics.count("device_requests_total", { client });
  return {
    device_code: deviceCode,
    user_code: userCode,
    number,
    verification_uri: `${config.publicUrl}/activate`,
    verification_uri_complete: `${config.publicUrl}/activate?code=${userCode}`,
    expires_in: config.deviceCodeTtl,
    interval: config.deviceInterval,
  };
}

function nodeClaims(body: DeviceAuthorizationRequest): Claims {
  if (body.scope !== undefined && body.scope !== scopes.node) {
    throw new OAuthError("invalid_scope", "The scope of jitnode-node is node.");
  }
  const name = asName(body.node_name ?? "");
  if (name === undefined) {
    throw new OAuthError(
      "invalid_request",
      "node_name must be 1 to 80 characters without control or text-direction characters.",
    );
  }
  return {
    scope: scopes.node,
    node_name: name,
    node_version: claim("node_version", body.node_version),
    node_os: claim("node_os", body.node_os),
    expected_org: organization("expected_org", body.expected_org),
    org_hint: null,
  };
}

/** Nothing asked is the least there is. */
function terminalClaims(body: DeviceAuthorizationRequest): Claims {
  const scope = body.scope ?? scopes.activate;
  if (scope !== scopes.activate && scope !== scopes.people) {
    throw new OAuthError("invalid_scope", "The scope of jitnode-cli is activate or people.");
  }
  return {
    scope,
    node_name: "",
    node_version: "",
    node_os: "",
    expected_org: null,
    org_hint: organization("org_hint", body.org_hint),
  };
}

function claim(field: string, given: string | undefined): string {
  const text = asClaim(given ?? "");
  if (text === undefined)
    throw new OAuthError("invalid_request", `${field} must be 1 to 64 printable ASCII characters.`);
  return text;
}

function organization(field: string, given: string | undefined): string | null {
  if (given === undefined) return null;
  const id = asOrganizationId(given);
  if (id === undefined) throw new OAuthError("invalid_request", `${field} is not an organization ID.`);
  return id;
}
