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
