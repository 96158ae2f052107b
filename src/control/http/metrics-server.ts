// The listener for operators: metrics, and health with its reasons. Plain HTTP, on an address of its own that is not
// published; what runs beside the server (`jitnode-control health`, probes) asks here too.

import Fastify, { type FastifyInstance } from "fastify";
import type { ControlContext } from "../context.js";
import { checkReadiness } from "../services/readiness.js";
import { createErrorHandler } from "./errors.js";
import { answerNothing } from "./nothing.js";
import { noSchemas } from "./schemas.js";

export function createMetricsApp(context: ControlContext): FastifyInstance {
  const app = Fastify({
    bodyLimit: 1024,
    schemaController: noSchemas,
    requestTimeout: 10_000,
    genReqId: () => context.random.token(12),
  });
  app.setErrorHandler(createErrorHandler(context.log));
  answerNothing(app);
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
  });

  const startedAt = context.clock.now();
  context.metrics.gauge("uptime_seconds", () => (context.clock.now() - startedAt) / 1000);
  context.metrics.gauge("resident_memory_bytes", () => process.memoryUsage.rss());

  app.get("/metrics", async (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(context.metrics.render()),
  );
  app.get("/health/live", async () => ({ live: true }));
  app.get("/health/ready", async (_request, reply) => {
    const readiness = await checkReadiness(context);
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  return app;
}
