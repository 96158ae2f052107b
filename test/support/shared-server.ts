// Runs once, in the main process of the suite: offers what is dear (a PostgreSQL server, an unpacked browser) to all
// test files over a socket, made when the first one asks, taken down at the end.
import { createServer } from "node:http";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { unpackBrowser } from "./browser-files.js";
import { startPostgres } from "./postgres-server.js";
import { makeFolder } from "./temporary.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the socket that `sharedResource` asks. */
    readonly sharedSocket: string;
  }
}

type Resource = { readonly answer: unknown; readonly close: () => Promise<void> };

const makers: Readonly<Record<string, () => Promise<Resource>>> = {
  "/postgres": async () => {
    const server = await startPostgres();
    return { answer: { url: server.url("postgres") }, close: server.stop };
  },
  "/browser": async () => {
    const { close, ...answer } = await unpackBrowser();
    return { answer, close };
  },
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = makeFolder();
  // Node.js keeps here what it has compiled: the suite starts the same programs hundreds of times.
  process.env["NODE_COMPILE_CACHE"] = join(folder.path, "compiled");
  const made = new Map<string, Promise<Resource>>();

  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const make = makers[path];
    const resource = made.get(path) ?? make?.() ?? Promise.reject(new Error(`nothing is shared as ${path}`));
    made.set(path, resource);
    resource.then(
      ({ answer }) => response.end(JSON.stringify(answer)),
      (failure: unknown) => response.writeHead(500).end(String(failure)),
    );
  });
  const socket = join(folder.path, "shared.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  server.unref();
  project.provide("sharedSocket", socket);

  return async () => {
    server.close();
    server.closeAllConnections();
    for (const resource of await Promise.allSettled(made.values())) {
      if (resource.status === "fulfilled") await resource.value.close();
    }
    folder.remove();
  };
}
