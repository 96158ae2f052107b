// Owns a gate in front of PostgreSQL: closed, every connection through it breaks and none is made.
import { connect, createServer, type Socket } from "node:net";
import { onEnd, type Scope } from "../../support/cleanup.js";

export type Gate = {
  /** The database's URL through the gate. */
  readonly url: string;
  /** Closes it; what it returns opens it again. */
  readonly close: () => () => void;
};

export async function startGate(databaseUrl: string, scope: Scope): Promise<Gate> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((incoming) => {
    if (!open) return void incoming.destroy();
    const outgoing = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onEnd(async () => {
    open = false;
    breakAll();
    await new Promise((resolve) => server.close(resolve));
  }, scope);
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);
  return {
    url: url.href,
    close: () => {
      open = false;
      breakAll();
      return () => void (open = true);
    },
  };
}
