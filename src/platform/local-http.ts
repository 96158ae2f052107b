// HTTP over a Unix socket: one exchange, or a stream of lines. node:http comes through getBuiltinModule, since an ESM
// import of it costs a short command a third of its start-up time (DESIGN section 8).

import type { IncomingMessage } from "node:http";

export interface LocalRequest {
  readonly socket: string;
  readonly host: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: string | undefined;
  /** Milliseconds until the whole answer (of a stream: its headers) is there; default 10 s. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LocalAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly body: string;
}

export interface LocalFailure {
  readonly kind: "failure";
  /** `absent`: nobody listens there. `forbidden`: the mode of the socket or of its folder. */
  readonly reason: "absent" | "forbidden" | "broken" | "timeout" | "too_large" | "aborted";
}

export interface LocalStream {
  readonly kind: "stream";
  /** Lines as they come; ends when the other side does, throws when the connection breaks. */
  readonly lines: AsyncIterable<string>;
}

const limit = 1024 * 1024;
const failure = (reason: LocalFailure["reason"]): LocalFailure => ({ kind: "failure", reason });

function failureOf(error: Error, request: LocalRequest): LocalFailure {
  if (request.signal?.aborted === true) return failure("aborted");
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR" || code === "ENAMETOOLONG") {
    return failure("absent");
  }
  return failure(code === "EACCES" || code === "EPERM" ? "forbidden" : "broken");
}

/** Sends the request; the response with its headers, or why there is none. */
function open(request: LocalRequest): Promise<IncomingMessage | LocalFailure> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage | LocalFailure>();
  const call = process.getBuiltinModule("node:http").request({
    socketPath: request.socket,
    method: request.method,
    path: request.path,
    agent: false,
    headers: {
      host: request.host,
      accept: "application/json",
      ...(request.body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(request.body) }),
    },
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  const timer = setTimeout(() => {
    resolve(failure("timeout"));
    call.destroy();
  }, request.timeout ?? 10_000);
  call.on("response", (response) => {
    clearTimeout(timer);
    resolve(response);
  });
  call.on("error", (error) => {
    clearTimeout(timer);
    resolve(failureOf(error, request));
  });
  call.end(request.body);
  return promise;
}

function readWhole(response: IncomingMessage, request: LocalRequest): Promise<LocalAnswer | LocalFailure> {
  const { promise, resolve } = Promise.withResolvers<LocalAnswer | LocalFailure>();
  const timer = setTimeout(() => {
    resolve(failure("timeout"));
    response.destroy();
  }, request.timeout ?? 10_000);
  let size = 0;
  let body = "";
  response.setEncoding("utf8");
  response.on("data", (part: string) => {
    size += part.length;
    body += part;
    if (size <= limit) return;
    resolve(failure("too_large"));
    response.destroy();
  });
  response.on("end", () => resolve({ kind: "answer", status: response.statusCode ?? 0, body }));
  response.on("error", (error) => resolve(failureOf(error, request)));
  response.on("close", () => {
    clearTimeout(timer);
    resolve(failure("broken"));
  });
  return promise;
}

async function* readLines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  response.setEncoding("utf8");
  for await (const part of response as AsyncIterable<string>) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > limit) throw new Error("a line of the stream is too long");
    for (const line of lines) if (line !== "") yield line;
  }
}

export async function sendLocal(request: LocalRequest): Promise<LocalAnswer | LocalFailure> {
  const response = await open(request);
  return "kind" in response ? response : readWhole(response, request);
}

/** An answer other than 200 is read whole. */
export async function streamLocal(request: LocalRequest): Promise<LocalStream | LocalAnswer | LocalFailure> {
  const response = await open(request);
  if ("kind" in response) return response;
  return response.statusCode === 200 ? { kind: "stream", lines: readLines(response) } : readWhole(response, request);
}
