// The OpenAPI 3.1 document, made from the routes themselves: the schemas in it are those that validate.

import { errorRegistry, type ErrorCode } from "../../protocol/errors.js";
import { oauthError } from "../../protocol/oauth.js";
import { problem } from "../../protocol/problem.js";
import type { TSchema } from "../../protocol/schema.js";
import { version } from "../../protocol/versions.js";
import type { Lines, Operation } from "./route.js";

type Json = Readonly<Record<string, unknown>>;

const problemRef = { $ref: "#/components/schemas/Problem" };

/** Deterministic: in the order of the routes, without anything of this installation. */
export function buildOpenApi(operations: readonly Operation[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = operation.url.replace(/:([A-Za-z_]+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation, path) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "jitnode control plane",
      version,
      description:
        "The people's API, the nodes' API and the OAuth endpoints. Errors are problem details (RFC 9457) with a stable " +
        "`code`; the OAuth endpoints use the form of RFC 6749.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Problem: problem, OAuthError: oauthError },
      securitySchemes: {
        dpop: {
          type: "http",
          scheme: "DPoP",
          description:
            "An access token bound to a key, and a proof by that key (RFC 9449) with a nonce of this server.",
        },
      },
    },
  };
}

function describe(operation: Operation, path: string): Json {
  const parameters = [
    ...parametersOf("path", operation.params),
    ...parametersOf("query", operation.query),
    ...(operation.idempotent ? [idempotencyKey] : []),
  ];
  return {
    operationId: operationId(operation.method, path),
    summary: operation.summary,
    tags: [tagOf(path)],
    ...(operation.caller === "public" ? {} : { security: [{ dpop: [] }], "x-caller": operation.caller }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === undefined ? {} : { requestBody: bodyOf(operation, operation.body) }),
    responses: {
      ...answersOf(operation),
      ...problemsOf(operation),
      ...oauthErrorsOf(operation),
      default: fallback(operation),
    },
  };
}

const idempotencyKey: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: true,
  description: "One per distinct request, the same for each repeat of it.",
  schema: { type: "string", minLength: 16, maxLength: 128 },
};

function parametersOf(place: "path" | "query", schema: TSchema | undefined): readonly Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, TSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

const bodyOf = (operation: Operation, schema: TSchema): Json => ({
  required: true,
  content: {
    [operation.oauthErrors === undefined ? "application/json" : "application/x-www-form-urlencoded"]: { schema },
  },
});

function answersOf(operation: Operation): Json {
  return Object.fromEntries(
    Object.entries(operation.answers).map(([status, schema]) => [
      status,
      schema === null
        ? { description: "Done; no body." }
        : {
            description: "Done.",
            content: {
              [isLines(schema) ? "application/x-ndjson" : "application/json"]: {
                schema: isLines(schema) ? schema.lines : schema,
              },
            },
          },
    ]),
  );
}

const isLines = (schema: TSchema | Lines): schema is Lines => Object.hasOwn(schema, "lines");

function problemsOf(operation: Operation): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of operation.problems) {
    const { status } = errorRegistry[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${errorRegistry[code].message}`).join("\n"),
        content: {
          "application/problem+json": {
            schema: { allOf: [problemRef, { type: "object", properties: { code: { enum: codes } } }] },
          },
        },
      },
    ]),
  );
}

function oauthErrorsOf(operation: Operation): Json {
  return Object.fromEntries(
    Object.entries(operation.oauthErrors ?? {}).map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(", "),
        content: {
          "application/json": {
            schema: {
              allOf: [
                { $ref: "#/components/schemas/OAuthError" },
                { type: "object", properties: { error: { enum: codes } } },
              ],
            },
          },
        },
      },
    ]),
  );
}

/** What any request may meet: a body too large, a limit, a fault. */
const fallback = (operation: Operation): Json => ({
  description: "Any other failure.",
  content:
    operation.oauthErrors === undefined
      ? { "application/problem+json": { schema: problemRef } }
      : { "application/json": { schema: { $ref: "#/components/schemas/OAuthError" } } },
});

function operationId(method: string, path: string): string {
  const words = path
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "" && word !== "v1")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${method.toLowerCase()}${words.join("")}`;
}

function tagOf(path: string): string {
  if (path.startsWith("/v1/node/")) return "nodes";
  if (path.startsWith("/v1/")) return "people";
  return /^\/(oauth|\.well-known)\//.test(path) ? "oauth" : "service";
}
