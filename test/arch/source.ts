// Owns reading what a source file asks of others: its imports of every form, its uses of the environment, and the state
// it keeps at its top level. What of it is allowed is in rules.ts.
import { parseSync, types } from "@babel/core";

export type Import = {
  readonly line: number;
  /** As written: a package, a Node module or a relative path; undefined where it is computed. */
  readonly from: string | undefined;
  /** The names taken; undefined where it is all of it. */
  readonly names: readonly string[] | undefined;
};

export type Source = {
  /** Relative to the checkout, with slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly environment: readonly number[];
  /** Lines and what is there. */
  readonly state: readonly (readonly [line: number, what: string])[];
};

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function text(node: unknown): string | undefined {
  return isNode(node) && node.type === "StringLiteral" && typeof node["value"] === "string" ? node["value"] : undefined;
}

function line(node: Node): number {
  return (node["loc"] as { readonly start: { readonly line: number } } | null)?.start.line ?? 0;
}

function isMember(node: unknown, object: string, property: string): boolean {
  if (!isNode(node) || (node.type !== "MemberExpression" && node.type !== "OptionalMemberExpression")) return false;
  const { object: left, property: right } = node;
  if (!isNode(left) || left.type !== "Identifier" || left["name"] !== object || !isNode(right)) return false;
  return right["name"] === property || text(right) === property;
}

function importedNames(node: Node): readonly string[] | undefined {
  if (node.type !== "ImportDeclaration" && node.type !== "ExportNamedDeclaration") return undefined;
  const specifiers = node["specifiers"] as readonly Node[];
  const names = specifiers.map((specifier) => {
    const name = specifier["imported"] ?? specifier["local"];
    const whole = specifier.type === "ImportDefaultSpecifier" || specifier.type === "ImportNamespaceSpecifier";
    return whole || !isNode(name) ? undefined : (name["name"] ?? name["value"]);
  });
  return names.length > 0 && names.every((name) => typeof name === "string") ? names : undefined;
}

function importIn(node: Node): Import | undefined {
  const found = (from: string | undefined): Import => ({ line: line(node), from, names: importedNames(node) });
  if (["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration", "ImportExpression"].includes(node.type)) {
    return node["source"] === null ? undefined : found(text(node["source"]));
  }
  if (node.type === "TSImportType") {
    const { argument, source } = node;
    return found(text(source) ?? text(argument) ?? (isNode(argument) ? text(argument["literal"]) : undefined));
  }
  if (node.type === "TSExternalModuleReference") return found(text(node["expression"]));
  if (node.type !== "CallExpression") return undefined;
  const [argument] = node["arguments"] as readonly unknown[];
  const { callee } = node;
  if (isMember(callee, "process", "getBuiltinModule")) return found(text(argument));
  if (isNode(callee) && (callee.type === "Import" || callee["name"] === "require")) return found(text(argument));
  return undefined;
}

/** What begins empty at the top level is there to be filled. */
function beginsEmpty(value: unknown): boolean {
  if (!isNode(value)) return false;
  if (value.type === "ArrayExpression") return (value["elements"] as readonly unknown[]).length === 0;
  if (value.type === "ObjectExpression") return (value["properties"] as readonly unknown[]).length === 0;
  if (value.type !== "NewExpression" || !isNode(value["callee"])) return false;
  const collections: readonly unknown[] = ["Map", "Set", "WeakMap", "WeakSet", "Array"];
  return collections.includes(value["callee"]["name"]) && (value["arguments"] as readonly unknown[]).length === 0;
}

function isReadonly(declarator: Node): boolean {
  const outer = isNode(declarator["id"]) ? declarator["id"]["typeAnnotation"] : undefined;
  const annotation = isNode(outer) ? outer["typeAnnotation"] : undefined;
  if (!isNode(annotation)) return false;
  if (annotation.type === "TSTypeOperator") return annotation["operator"] === "readonly";
  const name = isNode(annotation["typeName"]) ? annotation["typeName"]["name"] : undefined;
  return typeof name === "string" && name.startsWith("Readonly");
}

function stateIn(statement: Node): readonly (readonly [number, string])[] {
  const declared = statement.type === "ExportNamedDeclaration" ? statement["declaration"] : statement;
  if (!isNode(declared) || declared.type !== "VariableDeclaration" || declared["declare"] === true) return [];
  if (declared["kind"] !== "const") return [[line(declared), String(declared["kind"])]];
  const declarators = declared["declarations"] as readonly Node[];
  return declarators.flatMap((node) =>
    beginsEmpty(node["init"]) && !isReadonly(node) ? [[line(node), "an empty collection"] as const] : [],
  );
}

export function parseSource(path: string, code: string): Source {
  const file = parseSync(code, {
    filename: path,
    configFile: false,
    babelrc: false,
    presets: ["@babel/preset-typescript"],
  });
  if (file === null) throw new Error(`${path} could not be parsed`);
  const imports: Import[] = [];
  const environment: number[] = [];
  types.traverseFast(file, (visited) => {
    const node: unknown = visited;
    if (!isNode(node)) return;
    const found = importIn(node);
    if (found !== undefined) imports.push(found);
    if (isMember(node, "process", "env")) environment.push(line(node));
  });
  const body: readonly unknown[] = file.program.body;
  return { path, imports, environment, state: body.filter(isNode).flatMap(stateIn) };
}
