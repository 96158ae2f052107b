// What a key holder signs: DPoP proofs (RFC 9449), client assertions (RFC 7523), heartbeats. Compact JWS, Ed25519.
// Made with node:crypto alone, so that the command line starts fast; the control plane verifies with jose.

import { createHash, sign } from "node:crypto";
import type { KeyPair } from "./keys.js";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function signCompact(key: KeyPair, header: object, claims: object): string {
  const input = `${encode({ alg: "Ed25519", ...header })}.${encode(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString("base64url")}`;
}

export interface ProofInput {
  readonly method: string;
  /** Query and fragment are left out of `htu` here. */
  readonly url: string;
  /** Seconds since 1970, by the control plane's clock where it is known. */
  readonly issuedAt: number;
  readonly jti: string;
  readonly nonce?: string | undefined;
  readonly accessToken?: string | undefined;
}

/** A DPoP proof for one request; every retry needs a new one. */
export function signProof(key: KeyPair, input: ProofInput): string {
  const target = new URL(input.url);
  return signCompact(
    key,
    { typ: "dpop+jwt", jwk: key.publicJwk },
    {
      jti: input.jti,
      htm: input.method,
      htu: `${target.origin}${target.pathname}`,
      iat: input.issuedAt,
      ...(input.nonce === undefined ? {} : { nonce: input.nonce }),
      ...(input.accessToken === undefined
        ? {}
        : { ath: createHash("sha256").update(input.accessToken).digest("base64url") }),
    },
  );
}

/** `private_key_jwt` of a node: `iss` = `sub` = node id, `aud` = the issuer as a lone string (rfc7523bis). */
export function signClientAssertion(
  key: KeyPair,
  input: { readonly clientId: string; readonly issuer: string; readonly issuedAt: number; readonly jti: string },
): string {
  return signCompact(
    key,
    { typ: "client-authentication+jwt", kid: key.thumbprint },
    {
      iss: input.clientId,
      sub: input.clientId,
      aud: input.issuer,
      jti: input.jti,
      iat: input.issuedAt,
      exp: input.issuedAt + 60,
    },
  );
}

export const signHeartbeat = (key: KeyPair, claims: object): string =>
  signCompact(key, { typ: "jitnode-heartbeat+jwt", kid: key.thumbprint }, claims);
