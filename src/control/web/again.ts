// A form that was refused is shown again by a page of its own (303, then GET), so that going back and reloading never send
// a form. What was wrong and what was typed go there in a sealed cookie, for half an hour; a key in the address says
// which refusal it is. Secrets are left out by whoever keeps.

import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../platform/clock.js";
import type { Random } from "../../platform/random.js";
import { errorRegistry, JitnodeError, type ErrorCode } from "../../protocol/errors.js";
import { asJson } from "../../protocol/parse.js";
import { open, text, Type } from "../../protocol/schema.js";
import type { Secrets } from "../context.js";
import type { BrowserSession } from "../services/browser-sessions.js";
import { sealContext } from "../services/seal-contexts.js";
import type { Cookies } from "./cookies.js";
import type { Values } from "./form.js";

export interface Refusal {
  /** Undefined where it was to wait, and the time is over. */
  readonly error: JitnodeError | undefined;
  readonly values: Values;
}

export interface Kept {
  readonly error: JitnodeError;
  readonly values: Values;
}

export interface Again {
  /** The address, below `path`, at which `read` finds it: in this browser, for the same person. */
  keep(reply: FastifyReply, session: BrowserSession | undefined, path: string, refusal: Kept): string;
  read(request: FastifyRequest, session: BrowserSession | undefined): Refusal | undefined;
}

const said = { code: text(60), message: text(2000), hint: text(2000) };
const kept = open({
  ...said,
  others: Type.Optional(Type.Array(open(said), { maxItems: 8 })),
  until: Type.Optional(Type.Number()),
  values: Type.Record(text(60), text(500)),
});

const keyBytes = 9;
const keyPattern = /^[A-Za-z0-9_-]{12}$/;
const second = 1000;
/** A browser takes 4096 bytes of a cookie, and sealing adds a third. Longer than this nothing is shown again anyway. */
const roomForValues = 1500;
const longestValue = 400;
const longestText = 400;

export function createAgain(deps: {
  readonly clock: Clock;
  readonly cookies: Cookies;
  readonly random: Random;
  readonly secrets: Pick<Secrets, "seal" | "unseal">;
}): Again {
  const { clock, cookies, random, secrets } = deps;
  const bindTo = (key: string, path: string, session: BrowserSession | undefined): string =>
    sealContext.refusedForm(`${key} ${pathOf(path)} ${session?.idHash ?? "nobody"}`);

  return {
    keep(reply, session, path, { error, values }) {
      const key = random.token(keyBytes);
      const content = {
        ...saying(error),
        ...(error.also.length === 0 ? {} : { others: error.also.map(saying) }),
        ...(error.retryAfter === undefined ? {} : { until: clock.now() + error.retryAfter * second }),
        values: fitting(values),
      };
      cookies.set(reply, "again", `${key}.${secrets.seal(JSON.stringify(content), bindTo(key, path, session))}`);
      return `${path}${path.includes("?") ? "&" : "?"}again=${key}`;
    },

    read(request, session) {
      const { again: key } = (request.query ?? {}) as { readonly again?: unknown };
      const cookie = cookies.read(request, "again");
      if (typeof key !== "string" || !keyPattern.test(key) || cookie?.startsWith(`${key}.`) !== true) return undefined;
      const content = asJson(kept, opened(cookie.slice(key.length + 1), bindTo(key, request.url, session)));
      if (content === undefined || !isCode(content.code)) return undefined;
      const { code, message, hint, others = [], until, values } = content;
      const also = others.flatMap((each) => (isCode(each.code) ? [new JitnodeError(each.code, each)] : []));
      const details = { message, hint, also };
      if (until === undefined) return { error: new JitnodeError(code, details), values };
      const retryAfter = Math.ceil((until - clock.now()) / second);
      return { error: retryAfter > 0 ? new JitnodeError(code, { ...details, retryAfter }) : undefined, values };
    },
  };

  /** Empty for what was sealed for somebody else, for another page, or by another key. */
  function opened(sealed: string, context: string): string {
    try {
      return secrets.unseal(sealed, context);
    } catch {
      return "";
    }
  }
}

const saying = ({ code, message, hint }: JitnodeError) => ({
  code,
  message: message.slice(0, longestText),
  hint: hint.slice(0, longestText),
});

const pathOf = (url: string): string => url.split("?", 1)[0] ?? "";
const isCode = (text: string): text is ErrorCode => Object.hasOwn(errorRegistry, text);

/** The first of them, as far as there is room. */
function fitting(values: Values): Values {
  let room = roomForValues;
  const short = Object.entries(values).map(([name, value]) => [name, value.slice(0, longestValue)] as const);
  return Object.fromEntries(short.filter((pair) => (room -= Buffer.byteLength(JSON.stringify(pair))) >= 0));
}

/** What of a form may be shown again; everything else, such as passwords and codes, is typed anew. */
export const only = (fields: Values, ...names: readonly string[]): Values =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
