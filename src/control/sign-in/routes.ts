// The way to a provider and back: POST /auth/start/<name> and GET /auth/callback/<name>.
//
// The start answers with a page that goes on by itself (the header Refresh, and a link) and not with a redirect: browsers
// hold the redirects after a form to `form-action 'self'` as well, also those that the provider makes among its own hosts.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";
import type { Wish } from "../services/sign-ins.js";
import { html } from "../web/html.js";
import { asTarget } from "../web/targets.js";
import type { Site } from "../web/site.js";
import { finishPath } from "./finish-page.js";

interface Named {
  readonly name: string;
}

/** Of the page that lists the ways in. */
const accountPath = "/account";
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

export function providerRoutes(app: FastifyInstance, site: Site): void {
  const { cookies, signIns } = site;

  app.post<{ Params: Named }>("/auth/start/:name", async (request, reply) => {
    const { name } = request.params;
    const { visit, wish } = await readWish(request);
    const browser = site.browserSecret(request, reply);
    const { url } = await signIns.start(name, wish, browser, visit.visitor);
    const text = visit.texts.provider;
    const label = signIns.providers.find((each) => each.name === name)?.label ?? name;
    reply.header("refresh", `0;url=${url}`);
    return site.show(reply, visit, {
      title: text.goingOn(label),
      main: html`<h1>${text.goingOn(label)}</h1>
        <p class="lead"><a class="button" id="go-on" href="${url}">${text.goOn}</a></p>`,
    });
  });

  // Typed in again, or the same page in another language: what was sent is not sent again.
  app.get("/auth/start/:name", async (_request, reply) => site.go(reply, "/sign-in"));

  app.get<{ Params: Named }>(
    "/auth/callback/:name",
    { exposeHeadRoute: false },
    async (request, reply): Promise<FastifyReply> => {
      const visit = await site.visit(request);
      const browser = cookies.read(request, "browser") ?? "";
      const callback = new URLSearchParams(/\?(.*)$/s.exec(request.url)?.[1]);
      const answered = await signIns.answer(request.params.name, callback, browser, visit.visitor, visit.session);
      switch (answered.kind) {
        case "signed_in":
          return site.welcome(request, reply, answered.cookie, answered.target);
        case "linked":
          return site.go(reply, accountPath, "linked");
        case "unfinished":
          return site.go(reply, `${finishPath}?state=${answered.state}`);
      }
    },
  );

  /** A form of somebody signed in that links, or one of anybody that signs in. */
  async function readWish(request: FastifyRequest) {
    const visit = await site.visit(request);
    const purpose = ((request.body ?? {}) as Readonly<Record<string, string | undefined>>)["purpose"];
    if (purpose === "link") {
      if (visit.session === undefined) throw new JitnodeError("sign_in_needed");
      site.personFields(request, { session: visit.session });
      const wish: Wish = { linkTo: visit.session.accountId, link: undefined, target: undefined };
      return { visit, wish };
    }
    const link = site.openFields(request)["link"];
    if (link !== undefined && !tokenPattern.test(link)) throw new JitnodeError("link_invalid");
    const wish: Wish = { linkTo: undefined, link, target: asTarget(cookies.read(request, "next")) };
    // Shown as nobody: it may be another account than the one that is signed in.
    return { visit: { ...visit, session: undefined }, wish };
  }
}
