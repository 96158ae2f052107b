// Any error on its way out: problem details (RFC 9457) with the request's id, and what RFC 9449 wants in the headers.

import type { FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../../platform/log.js";
import { JitnodeError, type ErrorCode } from "../../protocol/errors.js";
import { toProblem } from "../../protocol/problem.js";

/** Of Fastify (FST_…), of the body's parser, of the databases. */
const known: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_REOPENED_CLOSE_SERVER: "unavailable",
  ECONNREFUSED: "unavailable",
  ECONNRESET: "unavailable",
  ENOTFOUND: "unavailable",
  ETIMEDOUT: "unavailable",
  SQLITE_BUSY: "unavailable",
  SQLITE_FULL: "unavailable",
  SQLITE_READONLY: "unavailable",
  SQLITE_IOERR_WRITE: "unavailable",
  // PostgreSQL: shutdown, start-up, too many connections, disk full, read-only, lost too many races.
  "57P01": "unavailable",
  "57P02": "unavailable",
  "57P03": "unavailable",
  "53300": "unavailable",
  "53100": "unavailable",
  "25006": "unavailable",
  "40001": "unavailable",
  "40P01": "unavailable",
};

export function asJitnodeError(error: unknown): JitnodeError {
  if (error instanceof JitnodeError) return error;
  const { code, statusCode, message } = Object(error) as {
    readonly code?: unknown;
    readonly statusCode?: unknown;
    readonly message?: unknown;
  };
  const found = typeof code === "string" ? known[code] : undefined;
  if (found !== undefined) return new JitnodeError(found, { cause: error });
  if (/connection terminated|timeout exceeded when trying to connect/i.test(String(message))) {
    return new JitnodeError("unavailable", { cause: error });
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return new JitnodeError("invalid_request", { cause: error });
  }
  return new JitnodeError(statusCode === 503 ? "unavailable" : "internal_error", { cause: error });
}

/** RFC 9449 section 7.1: why the credentials did not do. */
const challenges: Readonly<Partial<Record<ErrorCode, string>>> = {
  sign_in_needed: "invalid_token",
  session_ended: "invalid_token",
  node_unknown: "invalid_token",
  dpop_proof_invalid: "invalid_dpop_proof",
  dpop_nonce_required: "use_dpop_nonce",
  scope_insufficient: "insufficient_scope",
};

function challengeOf(code: ErrorCode, request: FastifyRequest): string | undefined {
  const error = challenges[code];
  if (error === undefined) return undefined;
  // Without any credentials there is nothing to call invalid (RFC 6750 section 3.1).
  const named = request.headers.authorization === undefined ? "" : `error="${error}", `;
  return `DPoP ${named}algs="Ed25519 EdDSA ES256"`;
}

export function createErrorHandler(log: Log) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = asJitnodeError(error);
    if (problem.status >= 500) log.error("request failed", { request_id: request.id, error, ...problem.log });
    else log.debug("request refused", { request_id: request.id, code: problem.code, ...problem.log });
    const challenge = problem.status === 401 || problem.status === 403 ? challengeOf(problem.code, request) : undefined;
    if (challenge !== undefined) reply.header("www-authenticate", challenge);
    if (problem.retryAfter !== undefined) reply.header("retry-after", String(problem.retryAfter));
    return reply
      .code(problem.status)
      .type("application/problem+json")
      .send(JSON.stringify(toProblem(problem, request.id)));
  };
}
