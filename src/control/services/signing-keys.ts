// The keys of access tokens (Ed25519), private halves sealed in the database. Which one signs is read each time, so a
// rotation by `jitnode-control keys rotate` holds for all replicas at once, without a restart.
//
// Invariant: a key stays in the JWKS until the last token it signed has expired.

import { exportJWK, generateKeyPair, importJWK, type CryptoKey } from "jose";
import { thumbprintOf } from "../../domain/ids.js";
import type { Clock } from "../../platform/clock.js";
import { asJson } from "../../protocol/parse.js";
import { Type, open, text } from "../../protocol/schema.js";
import type { Secrets } from "../context.js";
import { initMetadata } from "../store/metadata.js";
import {
  currentSigningKey,
  findSigningKey,
  insertSigningKey,
  lockSigningKeys,
  publishedSigningKeys,
  retireSigningKeys,
  type SigningKeyRow,
} from "../store/signing-keys.js";
import type { Store, Tx } from "../store/store.js";
import { sealContext } from "./seal-contexts.js";

export const tokenAlgorithm = "Ed25519";
/** Beside the tokens' own life: a request under way while the keys change. */
const margin = 60_000;
const lockName = "signing_keys_lock";

const storedJwk = open({
  kty: Type.Literal("OKP"),
  crv: Type.Literal("Ed25519"),
  x: text(64, 1),
  d: Type.Optional(text(64, 1)),
});

export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

export interface PublishedKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: "sig";
}

export interface SigningKeys {
  /** The key that signs now; the first call of a database's life makes one. */
  current(): Promise<SigningKey>;
  /** The public key a token names; undefined when it is unknown or its time is over. */
  find(kid: string): Promise<CryptoKey | undefined>;
  /** RFC 7517. */
  jwks(): Promise<{ keys: PublishedKey[] }>;
  /** A new key signs from now on; returns its kid. */
  rotate(tx: Tx): Promise<string>;
}

export interface SigningKeysDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Seconds. */
  readonly accessTokenTtl: number;
}

export function createSigningKeys(deps: SigningKeysDeps): SigningKeys {
  const { store, clock, secrets } = deps;
  // Imported keys by kid: a kid is a thumbprint, so what it stands for never changes.
  const privateKeys = new Map<string, CryptoKey>();
  const publicKeys = new Map<
    string,
    { readonly key: CryptoKey; readonly row: SigningKeyRow; readonly readAt: number }
  >();

  const importKey = async (json: string): Promise<CryptoKey> => {
    const jwk = asJson(storedJwk, json);
    if (jwk === undefined) throw new TypeError("a stored signing key is damaged");
    const key = await importJWK(jwk, tokenAlgorithm);
    if (key instanceof Uint8Array) throw new TypeError("a stored signing key is damaged");
    return key;
  };

  const make = async (): Promise<SigningKeyRow> => {
    const pair = await generateKeyPair(tokenAlgorithm, { extractable: true });
    const { kty, crv, x } = await exportJWK(pair.publicKey);
    const kid = thumbprintOf({ kty, crv, x });
    if (kid === undefined) throw new TypeError("not an Ed25519 key");
    return {
      kid,
      algorithm: tokenAlgorithm,
      public_jwk: JSON.stringify({ kty, crv, x }),
      private_encrypted: secrets.seal(JSON.stringify(await exportJWK(pair.privateKey)), sealContext.signingKey(kid)),
      created_at: clock.now(),
      retired_at: null,
      remove_at: null,
    };
  };

  /** Rows of signing_keys cannot be locked while there are none; a row of the metadata can. */
  const alone = async (tx: Tx): Promise<void> => {
    if (tx.dialect === "sqlite") return;
    await initMetadata(tx, lockName, "");
    await tx.db.selectFrom("metadata").select("key").where("key", "=", lockName).forUpdate().execute();
  };

  const first = async (): Promise<SigningKeyRow> => {
    const row = await make();
    return store.transaction(async (tx) => {
      await alone(tx);
      const there = await currentSigningKey(tx);
      if (there === undefined) await insertSigningKey(tx, row);
      return there ?? row;
    });
  };

  return {
    async current() {
      const row = (await currentSigningKey(store)) ?? (await first());
      let key = privateKeys.get(row.kid);
      if (key === undefined) {
        key = await importKey(secrets.unseal(row.private_encrypted, sealContext.signingKey(row.kid)));
        privateKeys.clear();
        privateKeys.set(row.kid, key);
      }
      return { kid: row.kid, key };
    },
    async find(kid) {
      const now = clock.now();
      const known = publicKeys.get(kid);
      // A key taken out early (its row deleted) is noticed within the margin.
      if (known !== undefined && now - known.readAt < margin) {
        return (known.row.remove_at ?? Infinity) > now ? known.key : undefined;
      }
      const row = await findSigningKey(store, kid);
      if (row === undefined || (row.remove_at ?? Infinity) <= now) {
        publicKeys.delete(kid);
        return undefined;
      }
      const key = known?.key ?? (await importKey(row.public_jwk));
      publicKeys.set(kid, { key, row, readAt: now });
      return key;
    },
    async jwks() {
      const rows = await publishedSigningKeys(store, clock.now());
      return {
        keys: rows.flatMap((row): PublishedKey[] => {
          const jwk = asJson(storedJwk, row.public_jwk);
          if (jwk === undefined) return [];
          return [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, kid: row.kid, alg: row.algorithm, use: "sig" }];
        }),
      };
    },
    async rotate(tx) {
      await alone(tx);
      await lockSigningKeys(tx);
      const row = await make();
      const now = clock.now();
      await retireSigningKeys(tx, now, now + deps.accessTokenTtl * 1000 + margin);
      await insertSigningKey(tx, row);
      return row.kid;
    },
  };
}
