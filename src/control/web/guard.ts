// Which requests may reach a page's form handler at all: ours, and from a browser's own view of us. This stands before
// the CSRF token, which every form carries as well.

import type { FastifyRequest } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";

/** Throws `invalid_request` for an address with a NUL in it: nothing is called so, and PostgreSQL fails on being asked. */
export function assertNoNul({ params, query }: Pick<FastifyRequest, "params" | "query">): void {
  const values = [...Object.values(params ?? {}), ...Object.values(query ?? {})] as readonly unknown[];
  if (values.flat().some((value) => typeof value === "string" && value.includes("\0"))) {
    throw new JitnodeError("invalid_request");
  }
}

/**
 * Throws `csrf_invalid` for a form sent from another origin. Sec-Fetch-Site decides where it is sent. Else Origin does:
 * with our Referrer-Policy browsers may send `null` for our own forms too, so that says nothing; the token decides then.
 */
export function assertSameOrigin(request: FastifyRequest, publicUrl: string): void {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) {
    if (site === "same-origin" || site === "none") return;
    throw new JitnodeError("csrf_invalid");
  }
  const { origin } = request.headers;
  if (origin !== undefined && origin !== "null" && origin !== publicUrl) throw new JitnodeError("csrf_invalid");
}
