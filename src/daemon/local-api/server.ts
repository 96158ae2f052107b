// The local API's door: who may ask (Host, no browser), how much a body may be, which route it is, and the form of errors.
// Rules of the node live in the services.

import { createLocalServer, type LocalCall, type LocalServer } from "../../platform/local-server.js";
import type { Log } from "../../platform/log.js";
import { JitnodeError } from "../../protocol/errors.js";
import { localHost } from "../../protocol/local.js";
import { asShape } from "../../protocol/parse.js";
import { toProblem } from "../../protocol/problem.js";
import type { TSchema } from "../../protocol/schema.js";
import type { Actor } from "../context.js";
import type { Reply, Route } from "./route.js";

const bodyLimit = 64 * 1024;
const operator: Actor = { kind: "operator", via: "socket" };

export function createLocalApi(routes: readonly Route[], log: Log): LocalServer {
  const table = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
  const methods = new Map<string, string[]>();
  for (const { method, path } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);

  function refuse(call: LocalCall, cause: unknown): void {
    const error = cause instanceof JitnodeError ? cause : new JitnodeError("internal_error", { cause });
    if (error.status >= 500) log.error("local request failed", { code: error.code, path: call.path, error: cause });
    const allow = error.code === "method_not_allowed" ? { allow: (methods.get(call.path) ?? []).join(", ") } : {};
    const retry = error.retryAfter === undefined ? {} : { "retry-after": String(error.retryAfter) };
    call.send({
      status: error.status,
      type: "application/problem+json",
      bytes: Buffer.from(`${JSON.stringify(toProblem(error))}\n`),
      headers: { ...allow, ...retry },
    });
  }

  const handleBody = async (call: LocalCall, route: Route, schema: TSchema): Promise<Reply> =>
    route.handle({ actor: operator, body: await readBody(call, schema) });

  return createLocalServer((call) => {
    try {
      assertLocal(call.rawHeaders);
      const route = table.get(`${call.method} ${call.path}`);
      if (route === undefined) throw new JitnodeError(methods.has(call.path) ? "method_not_allowed" : "not_found");
      const reply =
        route.body === undefined
          ? route.handle({ actor: operator, body: undefined })
          : handleBody(call, route, route.body);
      // Most answers are there at once, and asked for often: they do not wait for a promise.
      if (!(reply instanceof Promise)) return send(call, reply);
      void reply.then((later) => send(call, later)).catch((error: unknown) => refuse(call, error));
    } catch (error) {
      refuse(call, error);
    }
  });
}

/** A page in a browser that found a way to the socket, or a rebound name, does not get past this. */
function assertLocal(rawHeaders: readonly string[]): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.length < 4 || name.length > 7) continue;
    const lower = name.toLowerCase();
    if (lower === "host") hosts += rawHeaders[index + 1] === localHost ? 1 : 2;
    if (lower === "origin" || lower === "referer") hosts += 2;
  }
  if (hosts === 1) return;
  throw new JitnodeError("invalid_request", {
    message: `Requests on this socket need \`Host: ${localHost}\`, and neither Origin nor Referer.`,
  });
}

async function readBody(call: LocalCall, schema: TSchema): Promise<unknown> {
  const text = await call.read(bodyLimit);
  if (text === undefined) throw new JitnodeError("body_too_large");
  if (text !== "" && !/^application\/json(;|$)/i.test(call.contentType)) {
    throw new JitnodeError("unsupported_media_type");
  }
  const body = asShape(schema, text === "" ? {} : parse(text));
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

function send(call: LocalCall, reply: Reply): void {
  switch (reply.kind) {
    case "bytes":
      return call.send({
        status: reply.status ?? 200,
        type: reply.type ?? "application/json",
        bytes: reply.bytes,
      });
    case "nothing":
      return call.sendNothing();
    case "lines":
      return reply.start(call.openLines("application/x-ndjson"));
  }
}
