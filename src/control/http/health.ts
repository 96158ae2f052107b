// Health for the public listener: alive or not, ready or not, and nothing about why (that is for the metrics listener).

import { Type, open } from "../../protocol/schema.js";
import type { Routes } from "../context.js";
import { checkReadiness } from "../services/readiness.js";
import { route } from "./route.js";

export const healthRoutes: Routes = (app, context, authentication) => {
  route(app, authentication, {
    method: "GET",
    url: "/health/live",
    summary: "Does the process answer?",
    caller: "public",
    anyQuery: true,
    answers: { 200: open({ live: Type.Boolean() }) },
    handler: async () => ({ status: 200, body: { live: true } }),
  });

  route(app, authentication, {
    method: "GET",
    url: "/health/ready",
    summary: "Can it serve?",
    caller: "public",
    anyQuery: true,
    answers: { 200: open({ ready: Type.Boolean() }), 503: open({ ready: Type.Boolean() }) },
    handler: async () => {
      const { ready } = await checkReadiness(context);
      return ready ? { status: 200, body: { ready: true } } : { status: 503, body: { ready: false } };
    },
  });
};
