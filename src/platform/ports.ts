// Free TCP ports on loopback: free a moment ago, that is; whoever takes one next may be somebody else.

import { createServer } from "node:net";

/** The port that could be listened on: the one asked for, any for 0; undefined when it is taken. */
export function findFreePort(port: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const server = createServer();
  server.once("error", () => resolve(undefined));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
  });
  return promise;
}
