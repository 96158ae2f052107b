// How a page leaves, and what every page says to the browser: run nothing (but
// the one script, where a page has it), load nothing from elsewhere, be framed by nobody, keep nothing.

import type { FastifyReply } from "fastify";
import { layout, type Frame, type Page } from "./layout.js";
import { styleHash } from "./style.js";

const policy = (scripted: boolean): string =>
  [
    "default-src 'none'",
    ...(scripted ? ["script-src 'self'", "connect-src 'self'"] : []),
    `style-src 'sha256-${styleHash}'`,
    "img-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");

/** Beside what every answer says (http/server). */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policy(false),
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  vary: "Accept-Language, Cookie",
};

/** A page on its way, with the status and the wait that a refusal asks for. */
export function sendPage(reply: FastifyReply, page: Page, frame: Frame): FastifyReply {
  const { refused } = page;
  if (refused?.retryAfter !== undefined) reply.header("retry-after", String(refused.retryAfter));
  setPageHeaders(reply);
  if (page.script !== undefined) reply.header("content-security-policy", policy(true));
  return reply
    .code(refused?.status ?? 200)
    .type("text/html; charset=utf-8")
    .send(layout(page, frame));
}

export const setPageHeaders = (reply: FastifyReply): FastifyReply => reply.headers(pageHeaders);
