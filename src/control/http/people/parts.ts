// What the routes of the people's API share: path and query parameters, and what makes a repeat recognizable.

import { organizationIdPattern } from "../../../domain/ids.js";
import { JitnodeError, type ErrorCode } from "../../../protocol/errors.js";
import { Type, strict, text } from "../../../protocol/schema.js";
import { asIdempotencyKey, type Repeat } from "../../services/idempotency.js";
import type { PageInput } from "../../services/paging.js";
import type { FastifyRequest } from "fastify";

const org = Type.String({ pattern: organizationIdPattern });

/** What is no organization id names no organization: `org_not_found`, as for everybody outside. */
export const inOrg = { params: Type.Object({ org }), notFoundAs: "org_not_found" } as const;
// Whose ids these are is for the service to say, once it knows that the person may ask.
export const memberOfOrg = {
  params: Type.Object({ org, account_id: text(64, 1) }),
  notFoundAs: "org_not_found",
} as const;
export const nodeOfOrg = { params: Type.Object({ org, node_id: text(64, 1) }), notFoundAs: "org_not_found" } as const;
export const byUserCode = {
  params: Type.Object({ user_code: text(64, 1) }),
  notFoundAs: "activation_unknown",
} as const;

const defaultLimit = 100;

export const pageQuery = strict({
  // An id, whichever: PostgreSQL refuses to compare with a NUL.
  after: Type.Optional(Type.String({ pattern: "^[\\x21-\\x7e]{1,128}$" })),
  limit: Type.Optional(Type.String({ pattern: "^([1-9][0-9]{0,2}|1000)$" })),
});

export const pageOf = (query: { readonly after?: string; readonly limit?: string }): PageInput => ({
  after: query.after,
  limit: query.limit === undefined ? defaultLimit : Number(query.limit),
});

/** Throws `idempotency_key_required`. The path is taken as it was sent. */
export function repeatOf(request: FastifyRequest): Repeat {
  const key = asIdempotencyKey(request.headers["idempotency-key"]);
  if (key === undefined) throw new JitnodeError("idempotency_key_required");
  return { key, method: request.method, path: request.url, body: request.body ?? null };
}

/** What every creation may be refused with, on its own or within an approval. */
export const creationProblems = [
  "org_creation_not_allowed",
  "org_id_invalid",
  "org_id_reserved",
  "org_id_taken",
  "org_name_invalid",
  "agreement_required",
  "rate_limited",
] as const satisfies readonly ErrorCode[];
