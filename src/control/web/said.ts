// What is said once on the next page, after something was done: a word of a closed list in a cookie, so that no address
// can make a page claim anything.

import type { FastifyReply, FastifyRequest } from "fastify";
import type { Cookies } from "./cookies.js";
import type { Texts } from "./texts/texts.js";

export type Said = keyof Texts["said"];

export const say = (cookies: Cookies, reply: FastifyReply, what: Said): void => cookies.set(reply, "said", what);

/** Once: it is forgotten with this answer. */
export function readSaid(
  cookies: Cookies,
  request: FastifyRequest,
  reply: FastifyReply,
  texts: Texts,
): string | undefined {
  const said = cookies.read(request, "said");
  if (said === undefined) return undefined;
  cookies.clear(reply, "said");
  return Object.hasOwn(texts.said, said) ? texts.said[said as Said] : undefined;
}
