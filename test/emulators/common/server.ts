// Owns the HTTP server under every emulated provider: named endpoints on loopback, a record of what was asked, and the
// faults that any server can have. What an endpoint answers belongs to its provider.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** Anything but the answer. "redirect" leads to the same endpoint, so a client that follows it gets what it wanted. */
export type Fault = "gzip" | "half" | "html" | "error" | "hang" | "huge" | "redirect" | "reset";

export type Asked = {
  readonly endpoint: string;
  readonly method: string;
  readonly url: URL;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The body as a form; empty where it was something else. */
  readonly form: URLSearchParams;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type Endpoint = {
  /** What tests call it, in `faults` and `requests`. */
  readonly name: string;
  readonly answer: (asked: Asked) => Answer | Promise<Answer>;
};

export type Faults = {
  /** From now on, each request to that endpoint; until `clear`. */
  readonly set: (endpoint: string, fault: Fault) => void;
  readonly clear: (endpoint?: string) => void;
};

export type EmulatorServer = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly requests: Asked[];
  readonly faults: Faults;
  /** Nobody listens any more; `listen` begins again at the same port. */
  readonly stop: () => Promise<void>;
  readonly listen: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type ServerOptions = {
  readonly port?: number | undefined;
  readonly find: (method: string, path: string) => Endpoint | undefined;
  /** Answers what `find` does not know; 404 without it. */
  readonly otherwise?: (request: IncomingMessage, response: ServerResponse) => void;
};

const huge = 10 * 2 ** 20;

export async function startEmulatorServer(options: ServerOptions): Promise<EmulatorServer> {
  const faults = new Map<string, Fault>();
  const requests: Asked[] = [];
  let port = options.port ?? 0;

  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    serve(request, response).catch((failure: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" }).end(String(failure));
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET" } = request;
    const url = new URL(request.url ?? "/", `http://127.0.0.1:${port}`);
    const endpoint = options.find(method, url.pathname);
    const fault = endpoint === undefined ? faults.get(url.pathname) : faults.get(endpoint.name);
    if (fault !== undefined && !url.searchParams.has("redirected")) {
      requests.push(await read(request, url, endpoint?.name ?? url.pathname));
      misbehave(fault, url, response);
      return;
    }
    if (endpoint === undefined && options.otherwise !== undefined) {
      options.otherwise(request, response);
      return;
    }
    const asked = await read(request, url, endpoint?.name ?? url.pathname);
    requests.push(asked);
    const { status, headers, body } = (await endpoint?.answer(asked)) ?? text(404, "not found");
    response.writeHead(status, headers).end(method === "HEAD" ? "" : body);
  }

  const listen = async (): Promise<void> => {
    if (server.listening) return;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        const address = server.address();
        if (address !== null && typeof address !== "string") ({ port } = address);
        resolve();
      });
    });
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  };

  await listen();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    faults: {
      set: (endpoint, fault) => void faults.set(endpoint, fault),
      clear: (endpoint) => {
        if (endpoint === undefined) faults.clear();
        else faults.delete(endpoint);
      },
    },
    stop,
    listen,
    close: stop,
  };
}

async function read(request: IncomingMessage, url: URL, endpoint: string): Promise<Asked> {
  let body = "";
  for await (const part of request.setEncoding("utf8") as AsyncIterable<string>) body += part;
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  return {
    endpoint,
    method: request.method ?? "GET",
    url,
    query: url.searchParams,
    headers: request.headers,
    body,
    form: new URLSearchParams(isForm ? body : ""),
  };
}

function misbehave(fault: Fault, url: URL, response: ServerResponse): void {
  if (fault === "hang") return;
  if (fault === "reset") {
    response.destroy();
    return;
  }
  if (fault === "gzip") {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(gzipSync("{}"));
    return;
  }
  if (fault === "half") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"half":"', () => response.destroy());
    return;
  }
  if (fault === "huge") {
    // Valid JSON, so that only a limit of size refuses it.
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"filler":"');
    response.end(`${"x".repeat(huge)}"}`);
    return;
  }
  if (fault === "redirect") {
    const target = new URL(url);
    target.searchParams.set("redirected", "1");
    response.writeHead(302, { location: target.href }).end();
    return;
  }
  const status = fault === "error" ? 500 : 200;
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end("<h1>Something is not right</h1>");
}

export const text = (status: number, body: string): Answer => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});

export const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  body: JSON.stringify(value),
});

export const redirect = (target: URL | string): Answer => ({
  status: 302,
  headers: { location: String(target), "cache-control": "no-store" },
  body: "",
});

/** The target with these parameters added; undefined ones left out. */
export function withQuery(target: string, parameters: Readonly<Record<string, string | null | undefined>>): URL {
  const url = new URL(target);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) url.searchParams.append(name, value);
  }
  return url;
}
