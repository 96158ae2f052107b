// Owns finding a free TCP port on loopback. Each worker of the suite has a thousand of its own and goes through them in
// turn: between finding a port and the program's listening on it nobody else finds the same.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below what systems give to outgoing connections and to those who listen on any port (from 32768 on Linux).
const [first, share, shares] = [12_000, 1_000, 20] as const;

const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % shares;
let turn = randomInt(share);

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    turn = (turn + 1) % share;
    const port = first + worker * share + turn;
    if (await isFree(port)) return port;
  }
}
