// The control plane's HTTP server: what holds for every request, and then the routes. Listening and closing are the
// caller's (start.ts); tests use `inject` or listen by themselves.

import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";
import type { Authentication, ControlContext, Routes } from "../context.js";
import { createOAuthContext } from "../oauth/oauth-context.js";
import { oauthRoutes } from "../oauth/index.js";
import { createProofs } from "../oauth/proofs.js";
import { createAccessTokens } from "../services/access-tokens.js";
import { createSigningKeys } from "../services/signing-keys.js";
import { sendErrorPage } from "../web/index.js";
import { createAuthentication } from "./authentication.js";
import { answerClientError } from "./client-errors.js";
import { createErrorHandler } from "./errors.js";
import { healthRoutes } from "./health.js";
import { answerNothing } from "./nothing.js";
import { buildOpenApi } from "./openapi.js";
import { openApiRoute } from "./openapi-route.js";
import { pathOf } from "./requests.js";
import type { Operation } from "./route.js";
import type { TlsFiles } from "../tls.js";
import { noSchemas } from "./schemas.js";

export const bodyLimit = 64 * 1024;
/** Longer than any valid parameter, so that the schemas refuse what is too long, in their own words. */
const parameterLimit = 12_000;

const streamPatience = 2_000;
/** Headers fit into one packet; whoever sends them by the letter only holds a connection. */
const headersTimeout = 15_000;

const headers: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
};

export interface ControlApp {
  readonly app: FastifyInstance;
  readonly authentication: Authentication;
  /** What stands in the OpenAPI document, in order. Complete once the app is ready. */
  readonly operations: readonly Operation[];
}

/** `routes` come beside those of OAuth, health and the document. */
export function createControlApp(context: ControlContext, routes: readonly Routes[], tls?: TlsFiles): ControlApp {
  const { clock, config, random } = context;
  const begin = beginning(context);
  const app = createServer(context, tls, begin);
  const operations: Operation[] = [];
  app.decorate("openStreams", new Set<Readable>());

  app.addHook("onRequest", async (request, reply) => {
    begin(reply);
    // RFC 9449 section 8.2: a fresh nonce on every answer saves the next request a round trip.
    if (/^\/(v1|oauth)\//.test(pathOf(request))) reply.header("dpop-nonce", context.secrets.nonce(clock.now()));
  });
  app.addHook("onRoute", (added) => {
    const operation = added.config?.operation;
    // The HEAD beside a GET is no operation of its own.
    if (operation !== undefined && added.method !== "HEAD") operations.push(operation);
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    const status = String(reply.statusCode);
    context.metrics.count("http_requests_total", { method: request.method, route, status });
    context.metrics.observe("http_request_seconds", reply.elapsedTime / 1000, { method: request.method, route });
    context.log.debug("request", {
      request_id: request.id,
      method: request.method,
      route,
      status,
      ms: reply.elapsedTime,
    });
  });
  // Streams would keep the server open as long as they like; what they write at their end still needs the database.
  app.addHook("preClose", async () => {
    const closed = [...app.openStreams].map((stream) => new Promise((resolve) => stream.once("close", resolve)));
    for (const stream of app.openStreams) stream.push(null);
    const done = new AbortController();
    await Promise.race([Promise.all(closed), clock.sleep(streamPatience, done.signal)]);
    // The timer would keep the process alive.
    done.abort();
  });
  app.setErrorHandler(createErrorHandler(context.log));
  answerNothing(app, (reply, error) => sendErrorPage(context, reply, error));

  const keys = createSigningKeys({ ...context, accessTokenTtl: config.accessTokenTtl });
  const tokens = createAccessTokens({
    keys,
    clock,
    random,
    publicUrl: config.publicUrl,
    accessTokenTtl: config.accessTokenTtl,
  });
  const proofs = createProofs();
  const authentication = createAuthentication(context, tokens, proofs);
  const all: readonly Routes[] = [
    oauthRoutes(createOAuthContext(context, keys, tokens, proofs)),
    ...routes,
    healthRoutes,
    openApiRoute(() => buildOpenApi(operations)),
  ];
  for (const add of all) add(app, context, authentication);
  return { app, authentication, operations };
}

type Begin = (reply: FastifyReply) => FastifyReply;

/** What every answer says, whatever becomes of it. */
function beginning({ clock, config }: ControlContext): Begin {
  const secure = config.publicUrl.startsWith("https:");
  const always = secure ? { ...headers, "strict-transport-security": "max-age=31536000" } : headers;
  return (reply) =>
    reply.headers(always).header("date", new Date(clock.now()).toUTCString()).header("x-request-id", reply.request.id);
}

function createServer(context: ControlContext, tls: TlsFiles | undefined, begin: Begin): FastifyInstance {
  const { config, random } = context;
  const answerError = createErrorHandler(context.log);
  const options = {
    bodyLimit,
    schemaController: noSchemas,
    // Never from the client: ids lead to lines of this log.
    requestIdHeader: false as const,
    genReqId: () => random.token(12),
    // RFC 9110 section 9.1: HEAD beside GET. What needs a session says otherwise (route.ts).
    exposeHeadRoutes: true,
    requestTimeout: 30_000,
    http: { headersTimeout },
    clientErrorHandler: answerClientError,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    routerOptions: { maxParamLength: parameterLimit },
    // An address that cannot be decoded never reaches a hook.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void answerError(error, request, begin(reply));
    },
  };
  try {
    const app =
      tls === undefined
        ? Fastify(options)
        : Fastify({ ...options, https: { cert: tls.cert, key: tls.key, headersTimeout } });
    return app as unknown as FastifyInstance;
  } catch (cause) {
    const proxies = /address|CIDR|range|netmask/i.test(cause instanceof Error ? cause.message : "");
    throw new JitnodeError("setting_invalid", {
      message: proxies
        ? "JITNODE_CONTROL_TRUSTED_PROXIES is not valid: expected addresses or CIDR ranges, separated by commas."
        : "The certificate and key of JITNODE_CONTROL_TLS_CERT_FILE and JITNODE_CONTROL_TLS_KEY_FILE do not work together.",
      hint: "Correct the setting and start again.",
      cause,
    });
  }
}
