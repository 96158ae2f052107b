// Owns the OpenAPI document as a judge: every answer must be one that the document declares for that operation, and
// what was seen is remembered, so that at the end nothing declared is left that was never answered: no operation, no
// status, and no error code of a status.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

type Media = { readonly schema: object };
type Content = Readonly<Record<string, Media>>;
type Response = { readonly content?: Content };
export type Operation = {
  readonly requestBody?: { readonly content: Content };
  readonly security?: readonly object[];
  readonly "x-caller"?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Response>>;
};
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

export type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly sent: { readonly type: string | undefined; readonly body: string | undefined };
  readonly status: number;
  readonly type: string | undefined;
  /** The whole body, or one line of a stream. */
  readonly body: string;
};

export type Contract = {
  readonly document: Document;
  /** Throws when the document does not declare this. */
  judge(exchange: Exchange): void;
  /** "GET /v1/me 403 account_disabled" of everything that is declared and was not seen. */
  missing(): readonly string[];
};

/** What `default` stands for: no operation can rule them out, and none has to be made to happen for each. */
const everywhere = new Set([413, 415, 503]);

type Found = {
  readonly name: string;
  readonly template: string;
  readonly method: string;
  readonly operation: Operation;
};

export function createContract(document: Document): Contract {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, "document");
  const operations = Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, operation]): Found => ({
      name: `${method.toUpperCase()} ${template}`,
      template,
      method,
      operation,
    })),
  );
  const declared = operations.flatMap(({ name, operation }) =>
    Object.entries(operation.responses)
      .filter(([status]) => status !== "default")
      .flatMap(([status, response]) => codesOf(response).map((code) => `${name} ${status}${code}`)),
  );
  const seen = new Set<string>();
  const validators = new Map<string, ValidateFunction>();

  const find = (method: string, path: string): Found | undefined => {
    const parts = path.replace(/\?.*$/, "").split("/");
    return operations
      .filter((each) => each.method === method.toLowerCase() && fits(each.template.split("/"), parts))
      .sort((a, b) => count(a.template) - count(b.template))[0];
  };

  /** By its place in the document, so that references within it are found. */
  const assertFits = (place: readonly string[], value: unknown, what: string): void => {
    const pointer = place.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
    const reference = `document#/${encodeURI(pointer)}`;
    const validate = validators.get(reference) ?? ajv.compile({ $ref: reference });
    validators.set(reference, validate);
    if (validate(value) !== true) {
      throw new Error(`${what} does not fit: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
    }
  };

  const assertAnswer = ({ status, type, body }: Exchange, { name, template, method, operation }: Found): void => {
    const key = operation.responses[String(status)] === undefined ? "default" : String(status);
    if (key === "default" && !everywhere.has(status)) {
      throw new Error(`${name} does not declare ${String(status)}: ${body}`);
    }
    const content = operation.responses[key]?.content;
    if (content === undefined) {
      if (body !== "") throw new Error(`${name} ${key} is declared without a body: ${body}`);
      return;
    }
    const media = (type ?? "").replace(/;.*$/, "");
    if (content[media] === undefined) throw new Error(`${name} ${key} is not declared as ${media}: ${body}`);
    const place = ["paths", template, method, "responses", key, "content", media, "schema"];
    assertFits(place, JSON.parse(body), `${name} ${key}`);
  };

  /** What was taken must be what the document asks for. */
  const assertRequest = ({ sent }: Exchange, { name, template, method, operation }: Found): void => {
    const content = operation.requestBody?.content;
    const media = Object.keys(content ?? {})[0];
    if (media === undefined) return;
    const { body = "" } = sent;
    const value: unknown =
      media === "application/json" ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
    const place = ["paths", template, method, "requestBody", "content", media, "schema"];
    assertFits(place, value, `what ${name} has taken`);
  };

  return {
    document,
    judge(exchange) {
      const found = find(exchange.method, exchange.path);
      if (found === undefined) throw new Error(`${exchange.method} ${exchange.path} is no operation of the document`);
      assertAnswer(exchange, found);
      if (exchange.status < 300) assertRequest(exchange, found);
      seen.add(`${found.name} ${String(exchange.status)}${exchange.status < 400 ? "" : codeOf(exchange.body)}`);
    },
    missing: () => declared.filter((each) => !seen.has(each)),
  };
}

type Refusal = {
  readonly allOf?: readonly { readonly properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>> }[];
};

/** The error codes of a declared answer; one that is empty for an answer without any. */
function codesOf({ content = {} }: Response): readonly string[] {
  const [media] = Object.values(content);
  const properties = (media?.schema as Refusal | undefined)?.allOf?.[1]?.properties ?? {};
  const codes = (properties["code"] ?? properties["error"])?.enum;
  return codes?.map((code) => ` ${code}`) ?? [""];
}

function codeOf(body: string): string {
  const { code, error } = JSON.parse(body) as { readonly code?: string; readonly error?: string };
  const found = code ?? error;
  return found === undefined ? "" : ` ${found}`;
}

const count = (template: string): number => template.split("{").length;

const fits = (template: readonly string[], path: readonly string[]): boolean =>
  template.length === path.length &&
  template.every((part, index) => (part.startsWith("{") ? path[index] !== "" : part === path[index]));
