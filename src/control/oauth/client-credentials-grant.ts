// The client_credentials grant of nodes: private_key_jwt (RFC 7523, with the audience rule of rfc7523bis) and a DPoP
// proof by the same key. It works for every node that is known by its key, bound or not, so that an unbound one can
// read that it is.
//
// A node whose clock is wrong gets `invalid_client` and corrects itself by the Date header of that answer.

import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK, type JWK } from "jose";
import { asNodeId, asThumbprint } from "../../domain/ids.js";
import { asShape } from "../../protocol/parse.js";
import { Type, open, text } from "../../protocol/schema.js";
import { clients, jwtBearerAssertion, proofAlgorithms, scopes } from "../../protocol/versions.js";
import { findNodeKey, type NodeKey } from "../store/node-keys.js";
import type { GrantRequest } from "./device-code-grant.js";
import { refused, type GrantOutcome } from "./grant.js";
import { invalidProof, OAuthError, type OAuthContext } from "./oauth-context.js";

/** Seconds. */
const longestLife = 300;
const skew = 60;

const claimsSchema = open({
  iss: text(64, 1),
  sub: text(64, 1),
  // A lone string: an array could name another server beside us.
  aud: text(2048, 1),
  jti: text(256, 1),
  iat: Type.Number({ minimum: 0 }),
  exp: Type.Number({ minimum: 0 }),
});

const invalidClient = (why: string): OAuthError =>
  new OAuthError("invalid_client", `The client assertion is not valid: ${why}.`);

export async function clientCredentialsGrant(oauth: OAuthContext, request: GrantRequest): Promise<GrantOutcome> {
  const { body, proof } = request;
  const { store, clock } = oauth.control;
  if (body.client_assertion_type !== jwtBearerAssertion || body.client_assertion === undefined) {
    throw new OAuthError("invalid_client", "A node proves itself with private_key_jwt.");
  }
  if (body.scope !== undefined && body.scope !== scopes.node) {
    throw new OAuthError("invalid_scope", "The scope of a node is node.");
  }
  const claims = readClaims(body.client_assertion);
  // jitnode-node is the kind of client, the node id the one that authenticates; either may be sent along.
  if (body.client_id !== undefined && body.client_id !== claims.sub && body.client_id !== clients.node) {
    throw invalidClient("client_id is another client");
  }
  const nodeId = asNodeId(claims.sub);
  const node = nodeId === undefined ? undefined : await findNodeKey(store, nodeId);
  if (node === undefined) throw invalidClient("there is no such node");
  await verifySignature(body.client_assertion, node);
  checkClaims(claims, oauth.control.config.publicUrl, clock.now() / 1000);

  if (proof === undefined) throw invalidProof("there is no DPoP header");
  if (proof.jkt !== node.thumbprint) throw invalidProof("it is made with another key than the node's");
  if (!oauth.hasFreshNonce(proof)) {
    return refused("use_dpop_nonce", "Repeat the request with the nonce of the DPoP-Nonce header.");
  }
  await store.transaction(async (tx) => {
    await oauth.useOnce(tx, proof);
    const until = (claims.exp + skew) * 1000;
    if (!(await oauth.replay.rememberAssertion(tx, node.id, claims.jti, until))) {
      throw invalidClient("jti was used before");
    }
  });
  return { kind: "node", nodeId: node.id, jkt: proof.jkt };
}

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/** Not believed yet: they only say whose key to try. */
function readClaims(assertion: string): Claims {
  let payload: unknown;
  try {
    payload = decodeJwt(assertion);
  } catch {
    throw invalidClient("it is not a JWT");
  }
  const claims = asShape(claimsSchema, payload);
  if (claims === undefined)
    throw invalidClient("iss, sub, aud (a lone string), jti, iat or exp is missing or malformed");
  return claims;
}

async function verifySignature(assertion: string, node: NodeKey): Promise<void> {
  try {
    const { alg, typ, kid } = decodeProtectedHeader(assertion);
    const algorithm = proofAlgorithms.find((known) => known === alg);
    if (typ !== "client-authentication+jwt" || algorithm === undefined) throw new TypeError("typ or alg");
    if (kid !== undefined && asThumbprint(kid) !== node.thumbprint) throw new TypeError("kid");
    // The stored key decides what the algorithm may be: importing it for another one fails.
    await compactVerify(assertion, await importJWK(JSON.parse(node.public_jwk) as JWK, algorithm), {
      algorithms: [algorithm],
    });
  } catch {
    throw invalidClient("typ, alg, kid or signature does not fit the node's key");
  }
}

function checkClaims(claims: Claims, issuer: string, now: number): void {
  if (claims.iss !== claims.sub) throw invalidClient("iss and sub differ");
  if (claims.aud !== issuer) throw invalidClient("aud is not this issuer");
  if (claims.exp - claims.iat > longestLife || claims.exp <= claims.iat) {
    throw invalidClient("it must live at most 300 seconds");
  }
  if (claims.exp + skew <= now) throw invalidClient("it has expired; compare the clock with the Date header");
  if (claims.iat - skew > now) throw invalidClient("iat lies ahead; compare the clock with the Date header");
}
