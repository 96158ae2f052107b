// Key pairs of nodes and of command lines: Ed25519, made here, kept as a private JWK, never sent anywhere.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { nodeIdOf, thumbprintOf, type NodeId, type Thumbprint } from "../domain/ids.js";

export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
  readonly thumbprint: Thumbprint;
  /** For storing only: the private JWK as JSON text. */
  exportPrivate(): string;
}

function fromPrivateKey(privateKey: KeyObject): KeyPair {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (privateKey.asymmetricKeyType !== "ed25519" || x === undefined) throw new TypeError("not an Ed25519 key");
  const publicJwk: PublicJwk = { kty: "OKP", crv: "Ed25519", x };
  const thumbprint = thumbprintOf({ ...publicJwk });
  if (thumbprint === undefined) throw new TypeError("not an Ed25519 key");
  return {
    privateKey,
    publicJwk,
    thumbprint,
    exportPrivate: () => JSON.stringify(privateKey.export({ format: "jwk" })),
  };
}

export const generateKeyPair = (): KeyPair => fromPrivateKey(generateKeyPairSync("ed25519").privateKey);

/** The key pair of `exportPrivate`'s text; undefined when the text is anything else. */
export function asKeyPair(text: string): KeyPair | undefined {
  try {
    const jwk = JSON.parse(text) as {
      readonly kty?: unknown;
      readonly crv?: unknown;
      readonly x?: unknown;
      readonly d?: unknown;
    };
    if (jwk.kty !== "OKP" || jwk.crv !== "Ed25519" || typeof jwk.d !== "string" || typeof jwk.x !== "string")
      return undefined;
    const pair = fromPrivateKey(
      createPrivateKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", d: jwk.d, x: jwk.x } }),
    );
    // A private key derives its own public half; another `x` in the file means that the file was damaged.
    return pair.publicJwk.x === jwk.x ? pair : undefined;
  } catch {
    return undefined;
  }
}

export const nodeIdOfKey = (pair: KeyPair): NodeId => nodeIdOf(pair.thumbprint);
