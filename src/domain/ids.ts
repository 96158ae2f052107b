// The ids of nodes, accounts, bindings and organizations: their formats and the only ways to make them.
// DESIGN section 2. An organization id is a path segment and fixed for life, hence the reserved words.

import { createHash } from "node:crypto";
import type { Brand } from "./brand.js";
import { base58Pattern, encodeBase58, randomBase58 } from "./base58.js";

export type NodeId = Brand<string, "NodeId">;
export type AccountId = Brand<string, "AccountId">;
export type BindingId = Brand<string, "BindingId">;
export type OrganizationId = Brand<string, "OrganizationId">;
/** RFC 7638 SHA-256 thumbprint of a public key, base64url. */
export type Thumbprint = Brand<string, "Thumbprint">;

export const idLength = 16;
export const nodeIdPattern = `^JN_${base58Pattern}{${idLength}}$`;
export const accountIdPattern = `^JP_${base58Pattern}{${idLength}}$`;
export const bindingIdPattern = `^JB_${base58Pattern}{${idLength}}$`;
export const organizationIdPattern = "^[a-z][a-z0-9-]{1,38}[a-z0-9]$";
export const thumbprintPattern = "^[A-Za-z0-9_-]{43}$";

export const reservedOrganizationIds: ReadonlySet<string> = new Set(
  (
    "admin api activate agreement assets auth control health join jitnode login me metrics new null oauth org orgs " +
    "root settings sign-in static system undefined v1 www"
  ).split(" "),
);

export type OrganizationIdRefusal = "org_id_invalid" | "org_id_reserved";

type RandomBelow = (limit: number) => number;

function matcher<T extends string>(pattern: string): (text: string) => T | undefined {
  const expression = new RegExp(pattern);
  return (text) => (expression.test(text) ? (text as T) : undefined);
}

export const asNodeId = matcher<NodeId>(nodeIdPattern);
export const asAccountId = matcher<AccountId>(accountIdPattern);
export const asBindingId = matcher<BindingId>(bindingIdPattern);
export const asThumbprint = matcher<Thumbprint>(thumbprintPattern);
/** The format alone: a reserved word passes, since it may name nothing but is no danger to look up. */
export const asOrganizationId = matcher<OrganizationId>(organizationIdPattern);

/** What may be given to a new organization, or the reason why not. */
export function checkNewOrganizationId(
  text: string,
): { readonly ok: true; readonly id: OrganizationId } | { readonly ok: false; readonly reason: OrganizationIdRefusal } {
  if (reservedOrganizationIds.has(text)) return { ok: false, reason: "org_id_reserved" };
  const id = asOrganizationId(text);
  return id === undefined ? { ok: false, reason: "org_id_invalid" } : { ok: true, id };
}

export const createAccountId = (randomBelow: RandomBelow): AccountId =>
  `JP_${randomBase58(idLength, randomBelow)}` as AccountId;

export const createBindingId = (randomBelow: RandomBelow): BindingId =>
  `JB_${randomBase58(idLength, randomBelow)}` as BindingId;

/** RFC 7638 for the two key types in use; members in lexicographic order, no white space. */
export function thumbprintOf(jwk: {
  readonly kty?: unknown;
  readonly [name: string]: unknown;
}): Thumbprint | undefined {
  const { kty, crv, x, y } = jwk;
  if (typeof crv !== "string" || typeof x !== "string") return undefined;
  if (kty === "OKP") return hash(JSON.stringify({ crv, kty, x }));
  if (kty === "EC" && typeof y === "string") return hash(JSON.stringify({ crv, kty, x, y }));
  return undefined;
}

function hash(canonical: string): Thumbprint {
  return createHash("sha256").update(canonical).digest("base64url") as Thumbprint;
}

/** The id of a node: made from its first key and kept through every rotation. */
export function nodeIdOf(firstKey: Thumbprint): NodeId {
  const id = encodeBase58(Buffer.from(firstKey, "base64url")).slice(0, idLength);
  return `JN_${id}` as NodeId;
}
