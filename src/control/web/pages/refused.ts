// Where a form leads that was refused and has no page of its own to be shown on: what happened, and a way on.

import type { FastifyInstance } from "fastify";
import { asTarget } from "../targets.js";
import type { Site } from "../site.js";
import type { Texts } from "../texts/texts.js";
import { errorPage } from "./error.js";

export const refusedPath = "/refused";

export function refusedPage(app: FastifyInstance, site: Site): void {
  app.get(refusedPath, async (request, reply) => {
    const visit = await site.visit(request);
    const nobody = { ...visit, session: undefined };
    for (const each of [visit, nobody]) {
      const { problem, values } = site.refusal(request, each);
      if (problem !== undefined)
        return site.show(reply, each, errorPage(visit.texts, problem.error, wayOn(visit.texts, values["back"])));
    }
    return site.go(reply, "/");
  });
}

function wayOn(texts: Texts, back: string | undefined): { readonly href: string; readonly text: string } {
  if (back === "/sign-in") return { href: back, text: texts.error.back };
  const href = asTarget(back) ?? "/";
  if (href === "/activate") return { href, text: texts.result.another };
  return { href, text: href.startsWith("/orgs/") ? texts.organization.back : texts.error.back };
}
