// Everything that is derived from the key file: one sub-key per purpose (HKDF-SHA-256), so that none of them says
// anything about another or about the master key. Keeps nothing and knows no database.

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  createHmac,
  hash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from "node:crypto";
import type { Secrets } from "../context.js";

export const masterKeyBytes = 32;
const nonceSlot = 60_000;
const ivBytes = 12;
const tagBytes = 16;
/** First part of a sealed text: tells a later format from this one. */
const sealVersion = "1";

const subKey = (masterKey: Uint8Array, purpose: string): KeyObject =>
  createSecretKey(
    Buffer.from(hkdfSync("sha256", masterKey, Buffer.alloc(0), `jitnode/control/1/${purpose}`, masterKeyBytes)),
  );

const mac = (key: KeyObject, text: string): string => createHmac("sha256", key).update(text).digest("base64url");

export function createSecrets(masterKey: Uint8Array): Secrets {
  if (masterKey.length !== masterKeyBytes) throw new RangeError("the master key is not 32 bytes long");
  const lookupKeys = {
    user_code: subKey(masterKey, "lookup/user_code"),
    binding_code: subKey(masterKey, "lookup/binding_code"),
    idempotency: subKey(masterKey, "lookup/idempotency"),
  } as const;
  const sealKey = subKey(masterKey, "seal");
  const refreshKey = subKey(masterKey, "refresh");
  const nonceKey = subKey(masterKey, "nonce");
  // Asked for three times with every request, and the same for a minute.
  const nonces = new Map<number, string>();
  const nonceOf = (slot: number): string => {
    const known = nonces.get(slot);
    if (known !== undefined) return known;
    const nonce = mac(nonceKey, String(slot)).slice(0, 22);
    if (nonces.size >= 2) nonces.clear();
    nonces.set(slot, nonce);
    return nonce;
  };

  return {
    check: mac(subKey(masterKey, "check"), "jitnode"),
    lookup: (purpose, undashed) => mac(lookupKeys[purpose], undashed),
    seal(plain, context) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", sealKey, iv, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return `${sealVersion}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64url")}`;
    },
    unseal(sealed, context) {
      const [version, text] = sealed.split(".");
      const bytes = Buffer.from(text ?? "", "base64url");
      if (version !== sealVersion || bytes.length < ivBytes + tagBytes) throw new TypeError("not a sealed text");
      const decipher = createDecipheriv("aes-256-gcm", sealKey, bytes.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString("utf8");
    },
    refreshToken: (sessionId, generation) =>
      `${sessionId}.${generation}.${mac(refreshKey, `${sessionId}.${generation}`)}`,
    nonce: (now) => nonceOf(Math.floor(now / nonceSlot)),
    isFreshNonce(nonce, now) {
      const slot = Math.floor(now / nonceSlot);
      return equal(nonce, nonceOf(slot)) || equal(nonce, nonceOf(slot - 1));
    },
    hash: (token) => hash("sha256", token, "base64url"),
  };
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
