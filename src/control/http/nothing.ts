// What is answered where there is no route: 404, or 405 with Allow where only the method is wrong.

import type { FastifyInstance, FastifyReply } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";
import { pathOf } from "./requests.js";

/** `page` answers browsers that went to an address where nothing is. */
export function answerNothing(
  app: FastifyInstance,
  page?: (reply: FastifyReply, error: JitnodeError) => FastifyReply,
): void {
  const methods = new Map<string, { readonly pattern: RegExp; readonly allowed: Set<string> }>();
  app.addHook("onRoute", (added) => {
    const known = methods.get(added.url) ?? { pattern: patternOf(added.url), allowed: new Set() };
    for (const method of [added.method].flat()) known.allowed.add(method);
    methods.set(added.url, known);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = pathOf(request);
    const allowed = [...methods.values()]
      .filter((route) => route.pattern.test(path))
      .flatMap((route) => [...route.allowed]);
    if (allowed.length === 0) {
      const error = new JitnodeError("not_found");
      const asPage = /\btext\/html\b/.test(request.headers.accept ?? "") && !/^\/(v1|oauth)(\/|$)/.test(path);
      if (page !== undefined && asPage) return page(reply, error);
      throw error;
    }
    reply.header("allow", [...new Set(allowed)].sort().join(", "));
    throw new JitnodeError("method_not_allowed");
  });
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .split("/")
      .map((part) =>
        part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
      )
      .join("/")}$`,
  );
