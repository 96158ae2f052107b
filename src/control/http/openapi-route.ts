// GET /openapi.json: the document of this very server.

import type { Routes } from "../context.js";

export const openApiRoute =
  (build: () => object): Routes =>
  (app) => {
    let document: string | undefined;
    app.get("/openapi.json", async (_request, reply) => {
      // At the first request: by then every route is there.
      document ??= JSON.stringify(build());
      return reply.type("application/json").header("cache-control", "public, max-age=300").send(document);
    });
  };
