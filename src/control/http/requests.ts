// What the checks want to know of a request, from one place: the URL a client used, the proof, the address, the agent.

import type { FastifyRequest } from "fastify";
import { plainAddress } from "./addresses.js";

/** As it was sent, without query. The origin of an absolute form (RFC 9112 section 3.2.2) is anybody's: left out. */
export const pathOf = (request: FastifyRequest): string =>
  (request.raw.url ?? "/").replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").replace(/[?#].*$/, "");

/** As clients see it: from the public URL alone, never from `Host` or a forwarded header. */
export const publicTarget = (request: FastifyRequest, publicUrl: string): string => publicUrl + pathOf(request);

/** A client that is gone already has no address, whatever the type says. */
export const addressOf = (request: FastifyRequest): string => plainAddress(request.ip as string | undefined);

/** What the client calls itself: printable ASCII, at most 200 characters. */
export const agentOf = (request: FastifyRequest): string =>
  (request.headers["user-agent"] ?? "").replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
