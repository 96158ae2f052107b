// DPoP proofs (RFC 9449): the checks of section 4.3 that need no state. Freshness, replay and what a proof must belong
// to (a token, a device code, a session) are decided where it is used.

import { compactVerify, decodeProtectedHeader, importJWK, type CryptoKey } from "jose";
import { thumbprintOf, type Thumbprint } from "../../domain/ids.js";
import { asJson, asShape } from "../../protocol/parse.js";
import { Type, open, text } from "../../protocol/schema.js";
import { proofAlgorithms } from "../../protocol/versions.js";

/** Bytes of one proof; one with an ES256 key, a nonce and an ath needs about 700. */
export const proofLimit = 4096;
/** Milliseconds by which `iat` may differ where no nonce vouches for the time. */
export const proofTolerance = 5 * 60_000;

/**
 * 32 bytes. The last letter has two bits left over, which decoders ignore and the thumbprint does not (RFC 7638 section
 * 7): in any other writing than the one with zeros there, one key would be several nodes.
 */
const coordinate = Type.String({ pattern: "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$" });
const okpKey = open({ kty: Type.Literal("OKP"), crv: Type.Literal("Ed25519"), x: coordinate });
const ecKey = open({ kty: Type.Literal("EC"), crv: Type.Literal("P-256"), x: coordinate, y: coordinate });
/** RFC 7518 section 6: none of them may be in a proof's `jwk` (RFC 9449 section 4.3, check 7). */
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;

const claimsSchema = open({
  jti: text(256, 1),
  htm: text(16, 1),
  htu: text(2048, 1),
  iat: Type.Number({ minimum: 0, maximum: 1e11 }),
  nonce: Type.Optional(text(256)),
  ath: Type.Optional(text(64)),
});

export interface Proof {
  readonly jkt: Thumbprint;
  /** The public key alone, its members in a fixed order. */
  readonly publicJwk: Readonly<Record<string, string>>;
  readonly jti: string;
  /** Milliseconds. */
  readonly issuedAt: number;
  readonly nonce: string | undefined;
  readonly ath: string | undefined;
}

export type ProofResult =
  | { readonly kind: "proof"; readonly proof: Proof }
  | { readonly kind: "missing" }
  /** `reason` is public: it names the rule, not the value. */
  | { readonly kind: "invalid"; readonly reason: string };

export interface ProvenRequest {
  readonly method: string;
  /** The public URL's origin and the path; query and fragment do not count. */
  readonly url: string;
}

const invalid = (reason: string): ProofResult => ({ kind: "invalid", reason });

export interface Proofs {
  verify(header: string | readonly string[] | undefined, request: ProvenRequest): Promise<ProofResult>;
}

export function createProofs(): Proofs {
  const keys = createKeyRing();
  return { verify: (header, request) => verifyProof(keys, header, request) };
}

async function verifyProof(
  keys: KeyRing,
  header: string | readonly string[] | undefined,
  request: ProvenRequest,
): Promise<ProofResult> {
  if (header === undefined) return { kind: "missing" };
  // Node.js joins repeated headers with a comma, which no compact JWS contains.
  if (typeof header !== "string" || header.includes(",")) return invalid("there is more than one DPoP header");
  if (header.length > proofLimit) return invalid("the proof is too long");
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(header)) return invalid("the proof is not a signed JWT");

  const head = readHead(header);
  if (head.kind === "invalid") return head;
  const payload = await verifySignature(keys, header, head);
  if (payload === undefined) return invalid("the signature does not match the key");
  const claims = asJson(claimsSchema, payload);
  if (claims === undefined) return invalid("jti, htm, htu or iat is missing or malformed");
  if (claims.htm !== request.method) return invalid("htm is another method");
  if (!sameTarget(claims.htu, request.url)) return invalid("htu is another URL");
  return {
    kind: "proof",
    proof: {
      jkt: head.jkt,
      publicJwk: head.jwk,
      jti: claims.jti,
      issuedAt: claims.iat * 1000,
      nonce: claims.nonce,
      ath: claims.ath,
    },
  };
}

interface Head {
  readonly kind: "head";
  readonly algorithm: string;
  readonly jwk: Readonly<Record<string, string>>;
  readonly jkt: Thumbprint;
}

function readHead(proof: string): Head | { readonly kind: "invalid"; readonly reason: string } {
  let head: { readonly typ?: unknown; readonly alg?: unknown; readonly jwk?: unknown; readonly crit?: unknown };
  try {
    head = decodeProtectedHeader(proof);
  } catch {
    return { kind: "invalid", reason: "the proof is not a signed JWT" };
  }
  if (head.typ !== "dpop+jwt") return { kind: "invalid", reason: "typ is not dpop+jwt" };
  if (head.crit !== undefined) return { kind: "invalid", reason: "crit is not supported" };
  const algorithm = proofAlgorithms.find((known) => known === head.alg);
  if (algorithm === undefined) return { kind: "invalid", reason: "alg is not one of Ed25519, EdDSA and ES256" };
  const { jwk } = head;
  if (typeof jwk !== "object" || jwk === null) return { kind: "invalid", reason: "jwk is missing" };
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) {
    return { kind: "invalid", reason: "jwk holds a private key" };
  }
  const key = algorithm === "ES256" ? asShape(ecKey, jwk) : asShape(okpKey, jwk);
  if (key === undefined) return { kind: "invalid", reason: "jwk does not fit alg" };
  const plain: Record<string, string> =
    "y" in key ? { kty: key.kty, crv: key.crv, x: key.x, y: key.y } : { kty: key.kty, crv: key.crv, x: key.x };
  const jkt = thumbprintOf(plain);
  return jkt === undefined
    ? { kind: "invalid", reason: "jwk does not fit alg" }
    : { kind: "head", algorithm, jwk: plain, jkt };
}

async function verifySignature(keys: KeyRing, proof: string, head: Head): Promise<string | undefined> {
  try {
    const key = await keys.find(head);
    const { payload } = await compactVerify(proof, key, { algorithms: [head.algorithm] });
    return new TextDecoder("utf-8", { fatal: true }).decode(payload);
  } catch {
    return undefined;
  }
}

interface KeyRing {
  find(head: Head): Promise<CryptoKey>;
}

/** Keys whose import is remembered: a node or a terminal proves itself several times in a row. */
const remembered = 1000;

/** Imported keys by algorithm and thumbprint; the one that was not asked for longest gives way. */
function createKeyRing(): KeyRing {
  const keys = new Map<string, CryptoKey>();
  return {
    async find({ algorithm, jkt, jwk }) {
      const name = `${algorithm} ${jkt}`;
      const known = keys.get(name);
      const key = known ?? (await importJWK({ ...jwk, kty: jwk["kty"] ?? "" }, algorithm));
      if (key instanceof Uint8Array) throw new TypeError("a public key is no bytes");
      keys.delete(name);
      keys.set(name, key);
      const [oldest] = keys.keys();
      if (keys.size > remembered && oldest !== undefined) keys.delete(oldest);
      return key;
    },
  };
}

/** RFC 9449 section 4.3, check 9: compared after normalisation (scheme and host in lower case, default port, dots). */
function sameTarget(htu: string, expected: string): boolean {
  if (htu === expected) return true;
  if (!URL.canParse(htu)) return false;
  const [given, wanted] = [new URL(htu), new URL(expected)];
  return (
    given.username === "" &&
    given.password === "" &&
    given.origin === wanted.origin &&
    given.pathname === wanted.pathname
  );
}
