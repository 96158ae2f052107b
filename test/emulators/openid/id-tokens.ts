// Owns an OpenID provider's keys and the ID tokens signed with them, right or wrong on request.
import { createHmac, randomUUID } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";

/** What is wrong with the tokens from now on. Dates are wrong by moving the emulator's clock. */
export type TokenFault =
  | "wrong-issuer"
  | "wrong-audience"
  /** Two audiences, and the other one is who it was issued to. */
  | "other-party"
  | "wrong-nonce"
  | "no-nonce"
  | "no-subject"
  /** Signed by a key that nobody publishes, under the published one's name. */
  | "wrong-signature"
  | "unknown-kid"
  | "alg-none"
  /** HMAC with the published key as the secret: what a verifier does that trusts `alg`. */
  | "hs256-public-key"
  | "garbage"
  | "none";

type Key = { readonly kid: string; readonly privateKey: CryptoKey; readonly publicKey: CryptoKey; readonly jwk: JWK };

export type IdTokens = {
  /** RFC 7517 section 5. */
  readonly keys: () => { readonly keys: readonly JWK[] };
  /** A new key signs; the old one stays published unless `forget`. */
  readonly rotate: (options?: { readonly forget?: boolean }) => Promise<void>;
  /** undefined where the fault is to send none. */
  readonly sign: (claims: Readonly<Record<string, unknown>>, fault?: TokenFault) => Promise<string | undefined>;
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

async function makeKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = randomUUID().replaceAll("-", "");
  return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } };
}

function bend(claims: Readonly<Record<string, unknown>>, fault: TokenFault | undefined): Record<string, unknown> {
  const { nonce, sub, ...others } = claims;
  const whole = { ...others, ...(sub === undefined ? {} : { sub }), ...(nonce === undefined ? {} : { nonce }) };
  switch (fault) {
    case "wrong-issuer":
      return { ...whole, iss: "https://issuer.example.net" };
    case "wrong-audience":
      return { ...whole, aud: "somebody-else", azp: "somebody-else" };
    case "other-party":
      return { ...whole, aud: [claims["aud"], "somebody-else"], azp: "somebody-else" };
    case "wrong-nonce":
      return { ...whole, nonce: randomUUID() };
    case "no-nonce":
      return { ...others, sub };
    case "no-subject":
      return { ...others, nonce };
    default:
      return whole;
  }
}

export async function createIdTokens(): Promise<IdTokens> {
  let [current, stranger] = await Promise.all([makeKey(), makeKey()]);
  let published = [current];
  return {
    keys: () => ({ keys: published.map(({ jwk }) => jwk) }),
    async rotate({ forget = false } = {}) {
      current = await makeKey();
      published = forget ? [current] : [...published, current];
    },
    async sign(claims, fault) {
      const payload = bend(claims, fault);
      const signed = (key: Key, kid: string): Promise<string> =>
        new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(key.privateKey);
      switch (fault) {
        case "none":
          return undefined;
        case "garbage":
          return "this is not a token";
        case "alg-none":
          return `${encode({ alg: "none", typ: "JWT" })}.${encode(payload)}.`;
        case "hs256-public-key": {
          const input = `${encode({ alg: "HS256", kid: current.kid, typ: "JWT" })}.${encode(payload)}`;
          const secret = await exportSPKI(current.publicKey);
          return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
        }
        case "wrong-signature":
          stranger = await makeKey();
          return await signed(stranger, current.kid);
        case "unknown-kid":
          return await signed(stranger, stranger.kid);
        default:
          return await signed(current, current.kid);
      }
    },
  };
}
