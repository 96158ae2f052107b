// Turns a schema into a check that says where a value does not fit, without repeating the value.

import Compile from "typebox/compile";
import type { TSchema } from "../../protocol/schema.js";

/** Undefined when the value fits; else the place and the rule, printable and short. */
export type Check = (value: unknown) => string | undefined;

export function compileCheck(schema: TSchema | undefined): Check {
  if (schema === undefined) return () => undefined;
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return undefined;
    const first = validator.Errors(value)[0];
    if (first === undefined) return "it does not fit";
    const place = first.instancePath === "" ? "it" : first.instancePath.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
    return `${place} ${first.message}`;
  };
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
