// The checker of wire schemas agrees with an independent JSON Schema validator on every schema there is.
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import Compile from "typebox/compile";
import { describe, expect, test } from "vitest";
import { fits } from "../../../src/protocol/fits.js";
import { misfitOf } from "../../../src/protocol/misfit.js";
import * as local from "../../../src/protocol/local.js";
import * as nodes from "../../../src/protocol/nodes.js";
import * as oauth from "../../../src/protocol/oauth.js";
import * as people from "../../../src/protocol/people.js";
import * as problems from "../../../src/protocol/problem.js";
import { Type } from "../../../src/protocol/schema.js";

type Plain = { readonly [keyword: string]: unknown };
type Schema = Parameters<typeof fits>[0];

const isSchema = (value: unknown): value is Schema & Plain =>
  typeof value === "object" && value !== null && ("anyOf" in value || "properties" in value || "pattern" in value);

const schemas = Object.entries({ ...local, ...nodes, ...oauth, ...people, ...problems }).flatMap(([name, value]) =>
  isSchema(value) ? [[name, value] as const] : [],
);

/** Ajv takes integers beyond 2^53, which JSON.parse rounds; ours does not, as a test of its own says. */
const isExact = (value: unknown): boolean => !Number.isInteger(value) || Number.isSafeInteger(value);
const anything = fc
  .jsonValue({ maxDepth: 1 })
  .filter((value) => isExact(value) && (typeof value !== "object" || Object.values(value ?? {}).every(isExact)));

/** Mostly values that fit, with members missing, added or of another kind. */
function valuesFor(schema: Plain): fc.Arbitrary<unknown> {
  const noise = fc.oneof(anything, fc.string({ unit: "grapheme", maxLength: 90 }));
  const fitting = (): fc.Arbitrary<unknown> => {
    if (Array.isArray(schema["anyOf"])) return fc.oneof(...schema["anyOf"].map((choice) => valuesFor(choice as Plain)));
    if ("const" in schema) return fc.constant(schema["const"]);
    switch (schema["type"]) {
      case "object": {
        const members = (schema["properties"] ?? {}) as Record<string, Plain>;
        const shape = Object.fromEntries(Object.entries(members).map(([name, member]) => [name, valuesFor(member)]));
        const all = fc.record(shape, { requiredKeys: Object.keys(shape) });
        return fc.oneof({ weight: 6, arbitrary: all }, fc.record(shape, { requiredKeys: [] }), addTo(all));
      }
      case "array":
        return fc.array(valuesFor((schema["items"] ?? {}) as Plain), { maxLength: 3 });
      case "string":
        return typeof schema["pattern"] === "string"
          ? fc.stringMatching(new RegExp(schema["pattern"], "u"))
          : fc.string({ unit: "grapheme", minLength: Math.min(Number(schema["minLength"] ?? 0), 300), maxLength: 320 });
      case "integer":
        return fc.integer({ min: -2, max: 90_000 });
      case "boolean":
        return fc.boolean();
      default:
        return noise;
    }
  };
  return fc.oneof({ weight: 30, arbitrary: fitting() }, noise);
}

const addTo = (objects: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<unknown> =>
  fc.tuple(objects, fc.string(), anything).map(([object, name, value]) => ({ ...object, [name]: value }));

describe("the checker of wire schemas", () => {
  test("there are schemas to check", () => expect(schemas.length).toBeGreaterThan(30));

  test.each(schemas)("%s: the same verdict as an independent validator", (_name, schema) => {
    const independent = new Ajv2020({ strict: false }).compile(schema);
    fc.assert(
      fc.property(valuesFor(schema), (value) => {
        expect(fits(schema, value)).toBe(independent(value));
        expect(misfitOf(schema, value) === undefined).toBe(independent(value));
      }),
      { numRuns: 200 },
    );
  });

  test("schemas are understood by TypeBox's own checker too", () => {
    const check = Compile(local.status);
    expect(check.Check({})).toBe(false);
    expect(Compile(oauth.oauthError).Check({ error: "access_denied" })).toBe(true);
  });

  test("an integer that JSON.parse may have rounded is none", () => {
    expect(fits(Type.Integer(), 2 ** 53 - 1)).toBe(true);
    expect(fits(Type.Integer(), 2 ** 53)).toBe(false);
  });

  test("a member that is undefined counts as absent", () => {
    expect(fits(Type.Object({ a: Type.Optional(Type.String()) }), { a: undefined })).toBe(true);
    expect(fits(Type.Object({ a: Type.String() }), { a: undefined })).toBe(false);
  });

  test("a keyword that is not known here is an error, not ignored", () => {
    expect(() => fits({ type: "string", format: "email" } as never, "x")).toThrow("format");
  });
});
