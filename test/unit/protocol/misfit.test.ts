// What somebody is told whose request does not fit: where, and what is asked for there.
import { describe, expect, test } from "vitest";
import { misfitOf } from "../../../src/protocol/misfit.js";
import { Type } from "../../../src/protocol/schema.js";

const schema = Type.Object(
  {
    id: Type.String({ minLength: 3, maxLength: 40, pattern: "^[a-z-]*$" }),
    size: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    kind: Type.Optional(Type.Union([Type.Literal("a"), Type.Literal("b")])),
    "of/all~": Type.Optional(Type.Array(Type.Object({ deep: Type.Boolean() }), { maxItems: 2 })),
  },
  { additionalProperties: false },
);

describe("what does not fit", () => {
  test.each([
    [{ id: "abc" }, undefined],
    [{ id: "abc", size: undefined }, undefined],
    [[], "it must be object"],
    [null, "it must be object"],
    [{}, "it must have id"],
    [{ id: undefined }, "/id must be string"],
    [{ id: "ab" }, "/id must have 3 to 40 characters"],
    [{ id: "AB-c" }, "/id must be of another form"],
    [{ id: 7 }, "/id must be string"],
    [{ id: "abc", size: 10 }, "/size must be 1 to 9"],
    [{ id: "abc", size: 1.5 }, "/size must be integer"],
    [{ id: "abc", kind: "c" }, "/kind must be one of the values that are allowed here"],
    [{ id: "abc", "of/all~": [{ deep: true }, { deep: "yes" }] }, "/of~1all~0/1/deep must be boolean"],
    [{ id: "abc", "of/all~": [{ deep: true }, {}] }, "/of~1all~0/1 must have deep"],
    [{ id: "abc", "of/all~": [1, 2, 3] }, "/of~1all~0/0 must be object"],
    [{ id: "abc", "of/all~": Array(3).fill({ deep: true }) }, "/of~1all~0 must have 0 to 2 items"],
    [{ id: "abc", secret: "value" }, "it must not have other members"],
  ])("%j: %s", (value, told) => {
    expect(misfitOf(schema, value)).toBe(told);
  });
});
