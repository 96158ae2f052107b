// What the checks want to know of a request, from one place: the URL a client used, the proof, the address, the agent.

import type { FastifyRequest } from "fastify";
import { plainAddress } from "./addresses.js";

/** As clients see it: from the public URL alone, never from `Host` or a forwarded header. */
export const publicTarget = (request: FastifyRequest, publicUrl: string): string =>
  publicUrl + (request.raw.url ?? "/").replace(/[?#].*$/, "");

export const addressOf = (request: FastifyRequest): string => plainAddress(request.ip);

/** What the client calls itself: printable ASCII, at most 200 characters. */
export const agentOf = (request: FastifyRequest): string =>
  (request.headers["user-agent"] ?? "").replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
