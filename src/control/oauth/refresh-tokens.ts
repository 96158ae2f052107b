// Refresh tokens: `family.generation.mac`, where the mac is HMAC(key, family ‖ generation). The database keeps SHA-256
// of the current and the previous one. So the successor can be given twice without being stored, and a token of any
// earlier generation is recognised as one of ours when it comes back.

import { timingSafeEqual } from "node:crypto";
import type { Secrets } from "../context.js";
import type { SessionRow } from "../store/sessions.js";

export interface ParsedRefreshToken {
  readonly sessionId: string;
  readonly generation: number;
}

export function parseRefreshToken(token: string): ParsedRefreshToken | undefined {
  const match = /^([\w-]{16,64})\.([1-9][0-9]{0,8})\.[\w-]{43}$/.exec(token);
  return match?.[1] === undefined ? undefined : { sessionId: match[1], generation: Number(match[2]) };
}

export type RefreshTokenKind =
  | "current"
  | "previous"
  /** Of an earlier generation: used again long after it was replaced. */
  | "outdated"
  | "foreign";

export function kindOfRefreshToken(
  token: string,
  parsed: ParsedRefreshToken,
  session: Pick<SessionRow, "id" | "generation" | "token_hash" | "previous_token_hash">,
  secrets: Secrets,
): RefreshTokenKind {
  const hash = secrets.hash(token);
  if (hash === session.token_hash) return "current";
  if (hash === session.previous_token_hash) return "previous";
  if (parsed.generation >= session.generation) return "foreign";
  const genuine = Buffer.from(secrets.refreshToken(session.id, parsed.generation));
  const given = Buffer.from(token);
  return given.length === genuine.length && timingSafeEqual(given, genuine) ? "outdated" : "foreign";
}

/**
 * The token of the session's current generation, if this key can still make it: after `keys rewrap` it cannot, until
 * the session moves on by one generation.
 */
export function currentRefreshToken(
  session: Pick<SessionRow, "id" | "generation" | "token_hash">,
  secrets: Secrets,
): string | undefined {
  const token = secrets.refreshToken(session.id, session.generation);
  return secrets.hash(token) === session.token_hash ? token : undefined;
}
