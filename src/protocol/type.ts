// Builds the wire schemas: plain JSON Schema objects with TypeBox's types. TypeBox itself costs 20 MB and 70 ms to
// load, which a small daemon and a quick command line cannot spend; so its types are used here and its code is not.

import type { Type as TypeBox } from "typebox";

type Keyword =
  | "Array"
  | "Boolean"
  | "Integer"
  | "Literal"
  | "Null"
  | "Number"
  | "Object"
  | "Optional"
  | "Record"
  | "String"
  | "Union"
  | "Unknown";
type Builder = Pick<typeof TypeBox, Keyword>;
type Plain = Readonly<Record<string, unknown>>;

/** Marks a member as optional without being part of the JSON: as TypeBox does it. */
const optional = "~optional";

const build = {
  Array: (items: Plain, options?: Plain) => ({ type: "array", items, ...options }),
  Boolean: (options?: Plain) => ({ type: "boolean", ...options }),
  Integer: (options?: Plain) => ({ type: "integer", ...options }),
  Literal: (value: string | number | boolean, options?: Plain) => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Plain) => ({ type: "null", ...options }),
  Number: (options?: Plain) => ({ type: "number", ...options }),
  Object: (properties: Readonly<Record<string, Plain>>, options?: Plain) => {
    const required = Object.keys(properties).filter((name) => properties[name]?.[optional] !== true);
    return { type: "object", ...(required.length === 0 ? {} : { required }), properties, ...options };
  },
  Optional: (schema: Plain) => Object.defineProperty({ ...schema }, optional, { value: true, enumerable: false }),
  Record: (key: Plain, value: Plain, options?: Plain) => ({
    type: "object",
    patternProperties: { [typeof key["pattern"] === "string" ? key["pattern"] : "^.*$"]: value },
    ...options,
  }),
  String: (options?: Plain) => ({ type: "string", ...options }),
  Union: (anyOf: readonly Plain[], options?: Plain) => ({ anyOf, ...options }),
  Unknown: (options?: Plain) => ({ ...options }),
};

export const Type = build as unknown as Builder;
