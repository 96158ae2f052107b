// Errors of the OAuth endpoints: RFC 6749 section 5.2, RFC 8628 section 3.5, RFC 9449 section 5. Never problem details.

import type { FastifyReply, FastifyRequest } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";
import type { OAuthErrorBody, OAuthErrorCode } from "../../protocol/oauth.js";
import type { Log } from "../../platform/log.js";
import { asJitnodeError } from "../http/errors.js";

export class OAuthError extends Error {
  readonly code: OAuthErrorCode;

  /** `description` is public. */
  constructor(code: OAuthErrorCode, description: string) {
    super(description);
    this.name = "OAuthError";
    this.code = code;
  }
}

export const invalidProof = (reason: string): OAuthError =>
  new OAuthError("invalid_dpop_proof", `The DPoP proof is not valid: ${reason}.`);

export const nonceNeeded = (): OAuthError =>
  new OAuthError("use_dpop_nonce", "Repeat the request with the nonce of the DPoP-Nonce header.");

interface OAuthAnswer {
  readonly status: number;
  readonly body: OAuthErrorBody;
  readonly retryAfter?: number | undefined;
}

/** RFC 6749 section 5.2: printable ASCII without quotation mark and backslash. */
const description = (text: string): string => text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, "?");

function answerOf(error: OAuthError | JitnodeError): OAuthAnswer {
  const body = (code: OAuthErrorCode): OAuthErrorBody => ({
    error: code,
    error_description: description(error.message),
  });
  if (error instanceof OAuthError) return { status: 400, body: body(error.code) };
  switch (error.code) {
    case "rate_limited":
      // No code of RFC 6749 fits; 429 and Retry-After say it, and `temporarily_unavailable` ends no polling rule.
      return { status: 429, body: body("temporarily_unavailable"), retryAfter: error.retryAfter };
    case "unavailable":
      return { status: 503, body: body("temporarily_unavailable"), retryAfter: error.retryAfter ?? 5 };
    case "internal_error":
      return { status: 500, body: body("server_error") };
    default:
      return { status: error.status, body: body("invalid_request") };
  }
}

export function createOAuthErrorHandler(log: Log) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const known = error instanceof OAuthError ? error : asJitnodeError(error);
    const answer = answerOf(known);
    if (answer.status >= 500) log.error("request failed", { request_id: request.id, error });
    if (answer.retryAfter !== undefined) reply.header("retry-after", String(answer.retryAfter));
    return reply.code(answer.status).type("application/json").send(answer.body);
  };
}
