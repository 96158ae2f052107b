// Owns the load balancer of the tests: a small HTTP proxy in front of replicas that takes turns with every request,
// unless the request says which one it wants. Each answer says who gave it.
import { readFileSync } from "node:fs";
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Files } from "../../support/certificates.js";
import { onEnd, type Scope } from "../../support/cleanup.js";
import { freePort } from "../../support/ports.js";

/** Of a request: the number of the replica it must go to. Of an answer: the number of the one that gave it. */
export const replicaHeader = "x-test-replica";

export type Forwarder = {
  readonly url: string;
  /** From now on these are the replicas. */
  readonly lead: (urls: readonly string[]) => void;
};

/** With a certificate it speaks TLS to clients, and plain HTTP to the replicas. */
export async function startForwarder(scope: Scope, tls?: Files): Promise<Forwarder> {
  let targets: readonly string[] = [];
  let turn = 0;
  const agent = new Agent({ keepAlive: false });

  const send = (incoming: IncomingMessage, answer: ServerResponse, replica: number, tries: number): void => {
    const { hostname, port } = new URL(targets[replica] ?? "http://127.0.0.1:9");
    const { [replicaHeader]: _wanted, ...headers } = incoming.headers;
    const from = [headers["x-forwarded-for"], incoming.socket.remoteAddress].filter(Boolean).join(", ");
    const call = request(
      {
        hostname,
        port,
        agent,
        method: incoming.method,
        path: incoming.url,
        headers: { ...headers, "x-forwarded-for": from },
      },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, { ...response.headers, [replicaHeader]: String(replica) });
        response.pipe(answer);
        response.on("error", () => answer.destroy());
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) => {
      // One that is gone: as a load balancer does, the next one is asked.
      if (error.code === "ECONNREFUSED" && tries > 1) send(incoming, answer, (replica + 1) % targets.length, tries - 1);
      else if (answer.headersSent) answer.destroy();
      else answer.writeHead(502).end();
    });
    answer.on("close", () => call.destroy());
    call.once("socket", (socket) => socket.once("connect", () => incoming.pipe(call)));
  };

  const forward = (incoming: IncomingMessage, answer: ServerResponse): void => {
    const wanted = Number(incoming.headers[replicaHeader] ?? turn++);
    send(incoming, answer, wanted % Math.max(1, targets.length), targets.length);
  };
  const server =
    tls === undefined
      ? createServer(forward)
      : createSecureServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, forward);
  server.keepAliveTimeout = 30_000;
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }, scope);
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${String(port)}`,
    lead: (urls) => void (targets = urls),
  };
}
