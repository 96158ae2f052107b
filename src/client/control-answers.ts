// What may come back from a control plane, as discriminated unions, and how raw HTTP answers are narrowed to them.
// Only a body that fits its schema is an answer; pages of proxies, half documents and foreign redirects are failures.

import type { Static, TSchema } from "typebox";
import type { HttpAnswer, HttpFailure } from "../platform/http-client.js";
import { JitnodeError } from "../protocol/errors.js";
import { oauthError } from "../protocol/oauth.js";
import { asJson } from "../protocol/parse.js";
import { fromProblem, problem } from "../protocol/problem.js";
import { Type } from "../protocol/schema.js";

export interface Ok<T> {
  readonly kind: "ok";
  readonly body: T;
}

/** The control plane itself refused, in its own words. */
export interface Problem {
  readonly kind: "problem";
  readonly error: JitnodeError;
  readonly status: number;
}

/** An answer of an OAuth endpoint in OAuth's own error form (RFC 6749 section 5.2). */
export interface OAuthRefusal {
  readonly kind: "oauth-error";
  readonly error: string;
  readonly description: string | undefined;
}

/** Nothing that can be relied on came back: unreachable, certificate, a foreign or broken answer, or the caller's abort. */
export interface Failure {
  readonly kind: "failure";
  readonly error: JitnodeError;
}

export type OAuthAnswer<T> = Ok<T> | OAuthRefusal | Failure;
export type ApiAnswer<T> = Ok<T> | Problem | Failure;

/** A narrowed answer, and whether the proof that came with the request was the trouble. */
export interface Narrowed<R> {
  readonly result: R;
  readonly proof?: "nonce" | "refused" | undefined;
}

/** The schema of an answer without a body (204). */
export const nothing = Type.Null();

const failure = (error: JitnodeError): Failure => ({ kind: "failure", error });

export function toFailure({ reason, detail }: HttpFailure): Failure {
  const log = { detail };
  const reasonText = detail
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[.:]+$/, "")
    .slice(0, 300);
  const because = (message: string): string => (reasonText === "" ? `${message}.` : `${message}: ${reasonText}.`);
  switch (reason) {
    case "aborted":
      return failure(new JitnodeError("interrupted"));
    case "certificate":
      return failure(
        new JitnodeError("control_plane_certificate", {
          message: because("The control plane's certificate is not trusted"),
          log,
        }),
      );
    case "too_large":
      return failure(new JitnodeError("control_plane_unexpected", { log }));
    case "timeout":
      return failure(
        new JitnodeError("control_plane_unreachable", { message: "The control plane did not answer in time.", log }),
      );
    case "unreachable":
      return failure(
        new JitnodeError("control_plane_unreachable", {
          message: because("The control plane cannot be reached"),
          log,
        }),
      );
  }
}

/** What was neither the answer hoped for nor an error of the control plane's own. */
export function unexpected(answer: HttpAnswer): Failure {
  const retryAfter = retryAfterOf(answer);
  const code = answer.status >= 500 ? "control_plane_error" : "control_plane_unexpected";
  return failure(
    new JitnodeError(answer.status === 429 ? "rate_limited" : code, {
      log: { status: answer.status, type: answer.headers["content-type"], bytes: answer.body.length },
      ...(retryAfter === undefined ? {} : { retryAfter }),
    }),
  );
}

/** The control plane names itself, or an endpoint, by another origin than the one asked. */
export const mismatch = (asked: string, named: string): Failure =>
  failure(new JitnodeError("control_plane_mismatch", { log: { asked, named: named.slice(0, 300) } }));

export const isOfOrigin = (url: string, origin: string): boolean => URL.canParse(url) && new URL(url).origin === origin;

/** The delay form of Retry-After, in seconds (RFC 9110 section 10.2.3). */
function retryAfterOf(answer: HttpAnswer): number | undefined {
  const text = answer.headers["retry-after"] ?? "";
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined;
}

/** The body of a 2xx answer; an empty one counts as null. */
function bodyOf<T extends TSchema>(schema: T, answer: HttpAnswer): Ok<Static<T>> | undefined {
  const text = answer.body === "" ? "null" : answer.body;
  const body = asJson(schema, text);
  return body === undefined ? undefined : { kind: "ok", body };
}

const succeeded = (answer: HttpAnswer): boolean => answer.status >= 200 && answer.status < 300;

export function narrowOAuth<T extends TSchema>(schema: T, answer: HttpAnswer): Narrowed<OAuthAnswer<Static<T>>> {
  if (succeeded(answer)) return { result: bodyOf(schema, answer) ?? unexpected(answer) };
  if (answer.status >= 500 || answer.status === 429) return { result: unexpected(answer) };
  const refusal = asJson(oauthError, answer.body);
  if (refusal === undefined) return { result: unexpected(answer) };
  return {
    result: { kind: "oauth-error", error: refusal.error, description: refusal.error_description },
    proof: proofTrouble(refusal.error),
  };
}

export function narrowApi<T extends TSchema>(schema: T, answer: HttpAnswer): Narrowed<ApiAnswer<Static<T>>> {
  if (succeeded(answer)) return { result: bodyOf(schema, answer) ?? unexpected(answer) };
  const refusal = asJson(problem, answer.body);
  if (refusal === undefined) return { result: unexpected(answer) };
  return {
    result: { kind: "problem", error: fromProblem(refusal), status: answer.status },
    proof: proofTrouble(refusal.code),
  };
}

/** `invalid_client` too: a client assertion carries times like a proof. */
function proofTrouble(code: string): Narrowed<unknown>["proof"] {
  switch (code) {
    case "use_dpop_nonce":
    case "dpop_nonce_required":
      return "nonce";
    case "invalid_dpop_proof":
    case "dpop_proof_invalid":
    case "invalid_client":
      return "refused";
    default:
      return undefined;
  }
}
