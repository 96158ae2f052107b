// Owns the check of a PKCE verifier (RFC 7636 section 4.6); S256 is the only method any of these providers takes.
import { createHash } from "node:crypto";

export type Challenge = { readonly challenge: string | null; readonly method: string | null };

export const challengeOf = (query: URLSearchParams): Challenge => ({
  challenge: query.get("code_challenge"),
  method: query.get("code_challenge_method"),
});

/** Without a challenge none is wanted; with one, the verifier must fit. */
export function fits({ challenge }: Challenge, verifier: string | null): boolean {
  if (challenge === null) return true;
  if (verifier === null || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  return createHash("sha256").update(verifier).digest("base64url") === challenge;
}

/** null where the request may go on; otherwise what is wrong with it. */
export function wrongChallenge({ challenge, method }: Challenge): string | null {
  if (challenge === null) return method === null ? null : "code_challenge is missing";
  if (method !== "S256") return "code_challenge_method must be S256";
  return /^[A-Za-z0-9_-]{43}$/.test(challenge) ? null : "code_challenge is malformed";
}
