// HTTP on the socket: who may ask (Host, no browser), how much a body may be, which route it is, and the form of errors.
// Plain node:http, since memory and speed count here; rules of the node live in the services.
//
// It comes through getBuiltinModule: importing it touches lazy members that load WebSocket and fetch, 14 MB.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Log } from "../../platform/log.js";
import { JitnodeError } from "../../protocol/errors.js";
import { localHost } from "../../protocol/local.js";
import { asShape } from "../../protocol/parse.js";
import { toProblem } from "../../protocol/problem.js";
import type { Actor } from "../context.js";
import type { Reply, Route } from "./route.js";

const bodyLimit = 64 * 1024;
const operator: Actor = { kind: "operator", via: "socket" };

export function createLocalServer(routes: readonly Route[], log: Log): Server {
  const table = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
  const methods = new Map<string, string[]>();
  for (const { method, path } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);

  function find(request: IncomingMessage): Route {
    const route = table.get(`${request.method ?? ""} ${request.url ?? ""}`);
    if (route !== undefined) return route;
    throw new JitnodeError(methods.has(request.url ?? "") ? "method_not_allowed" : "not_found");
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const route = find(request);
      assertLocal(request.rawHeaders);
      const reply = await route.handle({ actor: operator, body: route.body && (await readBody(request, route.body)) });
      send(response, reply);
    } catch (error) {
      refuse(request, response, error, log, methods);
    }
  }

  const server = process
    .getBuiltinModule("node:http")
    .createServer({ keepAliveTimeout: 30_000, maxHeaderSize: 8 * 1024 }, (request, response) => {
      void answer(request, response);
    });
  // A malformed request gets the bare answer of HTTP; there is nobody to explain anything to.
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  return server;
}

/** A page in a browser that found a way to the socket, or a rebound name, does not get past this. */
function assertLocal(rawHeaders: readonly string[]): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") {
      if (rawHeaders[index + 1] === localHost) hosts++;
      else hosts = Number.NaN;
    } else if (name.length === 6 || name.length === 7) {
      const lower = name.toLowerCase();
      if (lower === "origin" || lower === "referer") hosts = Number.NaN;
    }
  }
  if (hosts === 1) return;
  throw new JitnodeError("invalid_request", {
    message: `Requests on this socket need \`Host: ${localHost}\`, and neither Origin nor Referer.`,
  });
}

async function readBody(request: IncomingMessage, schema: NonNullable<Route["body"]>): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  if (Number(request.headers["content-length"] ?? 0) > bodyLimit) throw new JitnodeError("body_too_large");
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new JitnodeError("body_too_large");
    chunks.push(chunk);
  }
  if (size > 0 && !/^application\/json(;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new JitnodeError("unsupported_media_type");
  }
  const body = asShape(schema, size === 0 ? {} : parse(Buffer.concat(chunks).toString("utf8")));
  if (body === undefined) throw new JitnodeError("invalid_request");
  return body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JitnodeError("invalid_request", { message: "The body is not JSON.", cause });
  }
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.kind === "stream") {
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    return reply.start(response);
  }
  if (reply.kind === "nothing") {
    response.writeHead(204).end();
    return;
  }
  response
    .writeHead(reply.status ?? 200, {
      "content-type": reply.type ?? "application/json",
      "content-length": reply.bytes.length,
    })
    .end(reply.bytes);
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  cause: unknown,
  log: Log,
  methods: ReadonlyMap<string, readonly string[]>,
): void {
  const error = cause instanceof JitnodeError ? cause : new JitnodeError("internal_error", { cause });
  if (error.status >= 500) log.error("local request failed", { code: error.code, path: request.url, error: cause });
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(`${JSON.stringify(toProblem(error))}\n`);
  if (error.code === "method_not_allowed") response.setHeader("allow", methods.get(request.url ?? "") ?? []);
  if (error.retryAfter !== undefined) response.setHeader("retry-after", error.retryAfter);
  // What is left of a body is not read.
  if (!request.complete && hasBody(request)) response.setHeader("connection", "close");
  response.writeHead(error.status, {
    "content-type": "application/problem+json",
    "content-length": bytes.length,
  });
  response.end(bytes);
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
