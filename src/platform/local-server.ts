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

export interface LocalCall {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  header(name: string): string | undefined;
  /** The whole body; undefined when it is longer than `limit` bytes. */
  read(limit: number): Promise<string | undefined>;
  send(reply: LocalReply): void;
  sendNothing(): void;
  openLines(type: string): LineWriter;
}

export interface LocalServer {
  listen(options: ListenOptions): Promise<ListenOutcome>;
  /** Ends what is open, whatever it waits for. */
  close(): void;
}

export function createLocalServer(handle: (call: LocalCall) => Promise<void>): LocalServer {
  const server = process
    .getBuiltinModule("node:http")
    .createServer({ keepAliveTimeout: 30_000, maxHeaderSize: 8 * 1024 }, (request, response) => {
      void handle(toCall(request, response)).catch((error: unknown) => response.destroy(error as Error));
    });
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

function toCall(request: IncomingMessage, response: ServerResponse): LocalCall {
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    rawHeaders: request.rawHeaders,
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    read: (limit) => read(request, limit),
    send({ status, type, bytes, headers }) {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      // What is left of a body is not read.
      if (!request.complete && hasBody(request)) response.setHeader("connection", "close");
      response.writeHead(status, { "content-type": type, "content-length": bytes.length, ...headers });
      response.end(bytes);
    },
    sendNothing: () => void response.writeHead(204).end(),
    openLines(type) {
      response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
      return {
        write: (line) => response.write(`${line}\n`),
        onDrain: (listener) => void response.on("drain", listener),
        onClose: (listener) => void response.on("close", listener),
        isOpen: () => !response.destroyed,
      };
    },
  };
}

const hasBody = ({ method, headers }: IncomingMessage): boolean =>
  method !== "GET" && (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0);

async function read(request: IncomingMessage, limit: number): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
