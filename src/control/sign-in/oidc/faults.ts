// What openid-client and jose object to, as errors of ours with a reason for the operator. No token, code or secret is in
// a reason: only names of claims, error codes and issuers.

import { errors } from "jose";
import * as client from "openid-client";
import { JitnodeError } from "../../../protocol/errors.js";
import { failed, plain, unreachable } from "../http.js";

export function explain(error: unknown, issuer: string): unknown {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof JitnodeError) return each;
  }
  if (error instanceof client.AuthorizationResponseError) return ofCallback(error.error, error.error_description);
  if (error instanceof client.ResponseBodyError) return ofToken(error.error, error.error_description);
  if (error instanceof errors.JOSEError) return failed(`the ID token is not valid: ${error.message}`);
  if (!(error instanceof client.ClientError)) return error;
  const { message, detail } = innermost(error);
  const found = detail["claim"] === "iss" ? issuerOf(detail["claims"]) : undefined;
  return found === undefined ? failed(`its answer is not valid: ${message}`) : otherIssuer(issuer, found);
}

/** The most common mistake in setting a provider up, so both are shown to whoever sees it first. */
export const otherIssuer = (expected: string, found: string): JitnodeError =>
  new JitnodeError("sign_in_provider_failed", {
    message: `The issuer is set as "${expected}", and the provider calls itself "${found}".`,
    hint: "Whoever runs this control plane sets the issuer exactly as the provider writes it, slash at the end included.",
    log: { reason: `the issuer is set as "${expected}", and the provider calls itself "${found}"` },
  });

/** The provider sent the browser back with an error (RFC 6749 section 4.1.2.1). */
export function ofCallback(code: string, description?: string): JitnodeError {
  const reason = `it sent the browser back with ${plain(code)}${described(description)}`;
  switch (code) {
    case "access_denied":
    case "login_required":
    case "interaction_required":
      return new JitnodeError("sign_in_declined", { log: { reason } });
    case "server_error":
    case "temporarily_unavailable":
      return unreachable(reason);
    default:
      return failed(reason);
  }
}

export const ofToken = (code: string, description?: string): JitnodeError =>
  failed(`its token endpoint refused with ${plain(code)}${described(description)}`);

const described = (text: string | undefined): string => (text === undefined ? "" : ` (${plain(text)})`);

/** The first error says only that something was; the last one of the chain, what. */
function innermost(error: Error): { readonly message: string; readonly detail: Readonly<Record<string, unknown>> } {
  const { cause, message } = error;
  if (cause instanceof Error) return innermost(cause);
  const detail = typeof cause === "object" && cause !== null ? (cause as Readonly<Record<string, unknown>>) : {};
  return { message, detail };
}

function issuerOf(claims: unknown): string | undefined {
  const issuer = typeof claims === "object" && claims !== null && "iss" in claims ? claims.iss : undefined;
  return typeof issuer === "string" ? plain(issuer) : undefined;
}
