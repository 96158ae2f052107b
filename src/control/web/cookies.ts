// The cookies of the pages: the session, the secrets of forms before sign-in and of sign-ins at providers, where to go on
// after it, the language, what the next page says, and the form that was refused.
// With TLS they carry the __Host- prefix, so that no other host of the domain can set them; over plain http (loopback)
// browsers refuse that prefix.

import type { FastifyReply, FastifyRequest } from "fastify";
import { absoluteLimit } from "../services/browser-sessions.js";
import { languageCookie } from "./language.js";

export type CookieName = "session" | "form" | "browser" | "next" | "language" | "said" | "again";

export interface Cookies {
  read(request: FastifyRequest, name: CookieName): string | undefined;
  /** `seconds` undefined: until the browser is closed. */
  set(reply: FastifyReply, name: CookieName, value: string): void;
  clear(reply: FastifyReply, name: CookieName): void;
}

const seconds: Readonly<Record<CookieName, number | undefined>> = {
  session: absoluteLimit / 1000,
  form: undefined,
  browser: 1800,
  next: 1800,
  language: 365 * 86_400,
  said: 60,
  again: 1800,
};

const bareNames: Readonly<Record<CookieName, string>> = {
  session: "jitnode",
  form: "jitnode-form",
  browser: "jitnode-sign-in",
  next: "jitnode-next",
  language: languageCookie,
  said: "jitnode-said",
  again: "jitnode-again",
};

export function createCookies(publicUrl: string): Cookies {
  const secure = publicUrl.startsWith("https://");
  const nameOf = (name: CookieName): string => `${secure && name !== "language" ? "__Host-" : ""}${bareNames[name]}`;
  const options = { path: "/", httpOnly: true, sameSite: "lax", secure } as const;
  return {
    read: (request, name) => request.cookies[nameOf(name)],
    set(reply, name, value) {
      const maxAge = seconds[name];
      reply.setCookie(nameOf(name), value, { ...options, ...(maxAge === undefined ? {} : { maxAge }) });
    },
    clear: (reply, name) => void reply.clearCookie(nameOf(name), options),
  };
}
