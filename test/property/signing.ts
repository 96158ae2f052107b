// Owns the test clients' keys and what they sign: DPoP proofs (RFC 9449) and client assertions (RFC 7523). Written anew
// from the standards, so that a mistake in the program's own signing is not repeated here.
import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from "node:crypto";

export type Key = {
  readonly privateKey: KeyObject;
  readonly jwk: { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string };
  readonly thumbprint: string;
};

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export function createKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = publicKey.export({ format: "jwk" }).x ?? "";
  const jwk = { kty: "OKP", crv: "Ed25519", x } as const;
  // RFC 7638: the required members, in lexicographic order.
  return {
    privateKey,
    jwk,
    thumbprint: sha256(JSON.stringify({ crv: "Ed25519", kty: "OKP", x })).toString("base64url"),
  };
}

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** DESIGN section 2: `JN_` and the first 16 characters of the thumbprint in base 58. */
export function nodeIdOf(key: Key): string {
  const bytes = Buffer.from(key.thumbprint, "base64url");
  let value = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  for (; value > 0n; value /= 58n) text = base58.charAt(Number(value % 58n)) + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return `JN_${text.slice(0, 16)}`;
}

function compact(key: Key, header: object, claims: object): string {
  const input = `${part({ alg: "EdDSA", ...header })}.${part(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString("base64url")}`;
}

const now = (): number => Math.floor(Date.now() / 1000);

export function proofOf(
  key: Key,
  request: {
    readonly method: string;
    readonly url: string;
    readonly nonce?: string | undefined;
    readonly accessToken?: string | undefined;
  },
): string {
  const { origin, pathname } = new URL(request.url);
  const ath = request.accessToken === undefined ? undefined : sha256(request.accessToken).toString("base64url");
  return compact(
    key,
    { typ: "dpop+jwt", jwk: key.jwk },
    { jti: randomUUID(), htm: request.method, htu: origin + pathname, iat: now(), nonce: request.nonce, ath },
  );
}

export function assertionOf(key: Key, issuer: string): string {
  const id = nodeIdOf(key);
  return compact(
    key,
    { typ: "client-authentication+jwt", kid: key.thumbprint },
    { iss: id, sub: id, aud: issuer, jti: randomUUID(), iat: now(), exp: now() + 60 },
  );
}
