// Building blocks of the wire schemas: every string has a length, every list a bound.

import type { Static, TLiteral, TSchema, TUnion } from "typebox";
import {
  accountIdPattern,
  bindingIdPattern,
  nodeIdPattern,
  organizationIdPattern,
  thumbprintPattern,
} from "../domain/ids.js";
import { Type } from "./type.js";

export { Type };
export type { Static, TSchema };

/** An object that refuses unknown members: for what is sent to us. */
export const strict = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

/** An object that ignores unknown members: for what is answered to us, since answers only grow. */
export const open = <T extends Record<string, TSchema>>(properties: T) => Type.Object(properties);

export const text = (maxLength: number, minLength = 0) => Type.String({ minLength, maxLength });
export const nodeId = Type.String({ pattern: nodeIdPattern });
export const accountId = Type.String({ pattern: accountIdPattern });
export const bindingId = Type.String({ pattern: bindingIdPattern });
export const organizationId = Type.String({ pattern: organizationIdPattern });
export const thumbprint = Type.String({ pattern: thumbprintPattern });
/** Shown form, `XXXX-XXXX`. */
export const userCode = Type.String({ pattern: "^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$" });
/** Shown form, `XXXX-XXXX-XXXX-X`. */
export const bindingCode = Type.String({ pattern: "^([B-DF-HJ-NP-TV-XZ]{4}-){3}[B-DF-HJ-NP-TV-XZ]$" });
/** A code as people type it. */
export const typedCode = text(64, 1);
export const number = Type.String({ pattern: "^[0-9]{2}$" });
/** RFC 3339, UTC, milliseconds. */
export const date = Type.String({ maxLength: 30, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z$" });
export const name = text(320, 1);
export const claim = text(64);
export const url = text(2048, 1);
/** One of several strings, with their type. */
export const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Union(values.map((value) => Type.Literal(value))) as unknown as TUnion<{
    -readonly [K in keyof T]: TLiteral<T[K]>;
  }>;
export const role = Type.Union([Type.Literal("administrator"), Type.Literal("member")]);
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** One page of a list; `next` is the `after` of the following page. */
export const page = <T extends TSchema>(item: T) =>
  open({ items: Type.Array(item, { maxItems: 1000 }), next: Type.Optional(text(128)) });

export const organizationSummary = open({ id: organizationId, name });
