// Owns finding a free TCP port on loopback.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections and to listeners that ask for any (from 32768 on Linux). */
const [first, behind] = [20_000, 32_000];

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** A port that was free a moment ago. By chance, so that nobody who looks for one at the same moment finds the same. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(first, behind);
    if (await isFree(port)) return port;
  }
}
