// Says where a value does not fit a wire schema, and what is asked for there, without repeating the value.

import { fits, type Schema } from "./fits.js";

/** The first place that does not fit, as a JSON Pointer (RFC 6901), and its rule; undefined when the value fits. */
export function misfitOf(schema: Schema, value: unknown): string | undefined {
  return fits(schema, value) ? undefined : describe(schema, value, "");
}

function describe(schema: Schema, value: unknown, at: string): string {
  const inner = schema.type === "object" || schema.type === "array" ? (innerMisfit(schema, value, at) ?? "") : "";
  return inner === "" ? `${at === "" ? "it" : at} ${ruleOf(schema, value)}` : inner;
}

/** Of a member or an item. */
function innerMisfit(schema: Schema, value: unknown, at: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) !== (schema.type === "array")) {
    return undefined;
  }
  const { items, properties = {}, required = [] } = schema;
  for (const [name, member] of Object.entries(value)) {
    const rule = Array.isArray(value) ? items : Object.hasOwn(properties, name) ? properties[name] : undefined;
    const isAbsent = member === undefined && !required.includes(name);
    if (rule !== undefined && !isAbsent && !fits(rule, member)) return describe(rule, member, `${at}/${pointer(name)}`);
  }
  return undefined;
}

const pointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

function ruleOf(schema: Schema, value: unknown): string {
  const { anyOf, type, required = [], minItems, maxItems, minLength, maxLength, minimum, maximum } = schema;
  if (anyOf !== undefined || schema.const !== undefined) return "must be one of the values that are allowed here";
  if (type === undefined || !fits({ type }, value)) return `must be ${type ?? "something else"}`;
  const missing = required.filter((name) => !Object.hasOwn(value as object, name));
  switch (type) {
    case "object":
      return missing.length > 0 ? `must have ${missing.join(", ")}` : "must not have other members";
    case "array":
      return `must have ${range(minItems, maxItems)} items`;
    case "string":
      return fits({ type, ...definedOf({ minLength, maxLength }) }, value)
        ? "must be of another form"
        : `must have ${range(minLength, maxLength)} characters`;
    default:
      return `must be ${range(minimum, maximum)}`;
  }
}

const range = (least = 0, most?: number): string =>
  most === undefined ? `at least ${String(least)}` : `${String(least)} to ${String(most)}`;

const definedOf = (values: Readonly<Record<string, number | undefined>>): Schema =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
