// The gate for everything that comes from elsewhere: unknown in, a typed value or undefined out.

import type { Static, TSchema } from "typebox";
import { fits } from "./fits.js";

/** The value itself when it fits the schema. */
export function asShape<T extends TSchema>(schema: T, value: unknown): Static<T> | undefined {
  return fits(schema, value) ? (value as Static<T>) : undefined;
}

/** JSON text to a value of the schema; undefined for anything else, HTML of a proxy included. */
export function asJson<T extends TSchema>(schema: T, source: string): Static<T> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return undefined;
  }
  return asShape(schema, value);
}
