// Turns a schema into the check of a route: what does not fit, printable and short.

import { misfitOf } from "../../protocol/misfit.js";
import type { TSchema } from "../../protocol/schema.js";

/** Undefined when the value fits; else the place and the rule, printable and short. */
export type Check = (value: unknown) => string | undefined;

export function compileCheck(schema: TSchema | undefined): Check {
  if (schema === undefined) return () => undefined;
  return (value) =>
    misfitOf(schema, value)
      ?.replace(/[^\x20-\x7e]/g, "?")
      .slice(0, 200);
}

/** Level by level: walking down by recursion is what such a value is sent for. */
export function isNestedDeeper(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((each: unknown) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return false;
}
