// An HTTP server on a Unix socket, on plain node:http: requests and answers without a rule of their own. The server comes
// through getBuiltinModule: an import touches lazy members of node:http that load WebSocket and fetch, 14 MB.

import type { IncomingMessage, ServerResponse } from "node:http";
import { listenOnSocket, type ListenOptions, type ListenOutcome } from "./sockets.js";

export interface LocalReply {
  readonly status: number;
  readonly type: string;
  readonly bytes: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A long answer, line by line. */
export interface LineWriter {
  /** False: not before `onDrain`. */
  write(line: string): boolean;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
  isOpen(): boolean;
}

/** One request and its answer. A class, since closures for each request cost more than the request. */
export class LocalCall {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get path(): string {
    return this.#request.url ?? "";
  }

  /** Names and values in turn, as they came. */
  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get contentType(): string {
    return this.#request.headers["content-type"] ?? "";
  }

  /** The whole body; undefined when it is longer than `limit` bytes. */
  async read(limit: number): Promise<string | undefined> {
    if (Number(this.#request.headers["content-length"] ?? 0) > limit) return undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  send({ status, type, bytes, headers }: LocalReply): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (headers !== undefined) for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    // What is left of a body is not read.
    if (this.#request.method !== "GET" && !this.#request.complete && hasBody(this.#request)) {
      response.setHeader("connection", "close");
    }
    response.writeHead(status, { "content-type": type, "content-length": bytes.length });
    response.end(bytes);
  }

  sendNothing(): void {
    this.#response.writeHead(204).end();
  }

  openLines(type: string): LineWriter {
    const response = this.#response;
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
    return {
      write: (line) => response.write(`${line}\n`),
      onDrain: (listener) => void response.on("drain", listener),
      onClose: (listener) => void response.on("close", listener),
      isOpen: () => !response.destroyed,
    };
  }

  destroy(): void {
    this.#response.destroy();
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

export interface LocalServer {
  listen(options: ListenOptions): Promise<ListenOutcome>;
  /** Ends what is open, whatever it waits for. */
  close(): void;
}

/** `handle` answers each call, whatever happens. */
export function createLocalServer(handle: (call: LocalCall) => void): LocalServer {
  const server = process
    .getBuiltinModule("node:http")
    .createServer({ keepAliveTimeout: 30_000, maxHeaderSize: 8 * 1024 }, (request, response) =>
      handle(new LocalCall(request, response)),
    );
  // A malformed request gets HTTP's bare answer; there is nobody to explain anything to.
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  return {
    listen: (options) => listenOnSocket(server, options),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
