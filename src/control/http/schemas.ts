// What Fastify is told about schemas: routes have none for it. Ours are checked by validation.ts; without this, two
// compilers of schemas and their 140 modules would be loaded at each start for nothing.

import type { FastifyServerOptions } from "fastify";

const refuse = (): never => {
  throw new TypeError("schemas of routes are checked by validation.ts, not by Fastify");
};

export const noSchemas = {
  compilersFactory: { buildValidator: refuse, buildSerializer: refuse },
} satisfies FastifyServerOptions["schemaController"];
