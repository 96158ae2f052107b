// Does a value fit a wire schema? The part of JSON Schema that ./type builds, and nothing else: a keyword that is not
// known here refuses, so that no rule of a schema is passed over in silence.

export interface Schema {
  readonly type?: "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[] | undefined;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
}

const keywords: ReadonlySet<string> = new Set(
  (
    "type const anyOf items minItems maxItems minimum maximum minLength maxLength pattern properties required " +
    "patternProperties additionalProperties title description"
  ).split(" "),
);

export function fits(schema: Schema, value: unknown): boolean {
  for (const keyword in schema) if (!keywords.has(keyword)) throw new TypeError(`unknown keyword ${keyword}`);
  if (schema.anyOf !== undefined && !schema.anyOf.some((choice) => fits(choice, value))) return false;
  if (schema.const !== undefined && schema.const !== value) return false;
  if (schema.type === undefined) return true;
  switch (schema.type) {
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return Number.isSafeInteger(value) && isWithin(value as number, schema.minimum, schema.maximum);
    case "number":
      return Number.isFinite(value) && isWithin(value as number, schema.minimum, schema.maximum);
    case "string":
      return typeof value === "string" && stringFits(schema, value);
    case "array":
      return Array.isArray(value) && arrayFits(schema, value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value) && objectFits(schema, value);
  }
}

const isWithin = (size: number, least = -Infinity, most = Infinity): boolean => size >= least && size <= most;

function stringFits({ minLength, maxLength, pattern }: Schema, value: string): boolean {
  if (maxLength !== undefined && value.length > 2 * maxLength) return false;
  // JSON Schema counts characters, not UTF-16 units; most texts are short enough to need no counting.
  const length = minLength === undefined && value.length <= (maxLength ?? Infinity) ? value.length : [...value].length;
  return isWithin(length, minLength, maxLength) && (pattern === undefined || new RegExp(pattern, "u").test(value));
}

function arrayFits({ items, minItems, maxItems }: Schema, value: readonly unknown[]): boolean {
  return (
    isWithin(value.length, minItems, maxItems) && (items === undefined || value.every((item) => fits(items, item)))
  );
}

function objectFits(schema: Schema, value: object): boolean {
  const { properties = {}, required = [], patternProperties = {}, additionalProperties = true } = schema;
  if (!required.every((name) => Object.hasOwn(value, name))) return false;
  const patterns = Object.entries(patternProperties).map(([pattern, of]) => [new RegExp(pattern, "u"), of] as const);
  for (const [name, member] of Object.entries(value)) {
    // JSON has no undefined: such a member is one that is not there.
    if (member === undefined && !required.includes(name)) continue;
    const rules = patterns.filter(([pattern]) => pattern.test(name)).map(([, of]) => of);
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (own !== undefined) rules.push(own);
    if (rules.length === 0 ? !additionalProperties : !rules.every((rule) => fits(rule, member))) return false;
  }
  return true;
}
