// The pages of the control plane, as one encapsulated part of the server: forms and cookies are read here and nowhere
// else, and errors become pages.

import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ErrorCode, JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, Routes } from "../context.js";
import { asJitnodeError } from "../http/errors.js";
import { acceptForms } from "../http/forms.js";
import { finishPage } from "../sign-in/finish-page.js";
import { linkPages } from "../sign-in/local/link-pages.js";
import { signInPage } from "../sign-in/local/sign-in-page.js";
import { signUpPage } from "../sign-in/local/sign-up-page.js";
import { providerRoutes } from "../sign-in/routes.js";
import { assertNoNul, assertSameOrigin } from "./guard.js";
import { pageHeaders, sendPage } from "./headers.js";
import { askedLanguage, textsOf, withoutLanguage } from "./language.js";
import { icon } from "./mark.js";
import { activatePages } from "./pages/activate.js";
import { agreementPage } from "./pages/agreement.js";
import { errorPage } from "./pages/error.js";
import { accountPages } from "./pages/account/account.js";
import { homePage } from "./pages/home.js";
import { organizationPages } from "./pages/organizations/organizations.js";
import { refusedPage, refusedPath } from "./pages/refused.js";
import { signOutPage } from "./pages/sign-out.js";
import { script, scriptPath } from "./script.js";
import { createSite, isRefusal, type Site } from "./site.js";

const parts: readonly ((app: FastifyInstance, site: Site) => void)[] = [
  homePage,
  signInPage,
  signUpPage,
  linkPages,
  providerRoutes,
  finishPage,
  signOutPage,
  activatePages,
  agreementPage,
  organizationPages,
  accountPages,
  refusedPage,
];

const pages: Routes = (app, context) => {
  void app.register(async (scope) => {
    const site = createSite(context);
    scope.addHook("onClose", () => site.close());
    await scope.register(cookie);
    acceptForms(scope);
    scope.addHook("onRoute", (route) => {
      route.config = { ...route.config, page: true };
    });
    scope.addHook("preHandler", async (request, reply) => {
      assertNoNul(request);
      if (request.method === "POST") return assertSameOrigin(request, context.config.publicUrl);
      const language = askedLanguage(request);
      if (language === undefined) return;
      site.cookies.set(reply, "language", language);
      return site.go(reply, withoutLanguage(request.url));
    });
    scope.get("/assets/icon.svg", async (_request, reply) =>
      reply
        .headers({ ...pageHeaders, "cache-control": "public, max-age=86400" })
        .type("image/svg+xml")
        .send(icon),
    );
    scope.get(scriptPath, async (_request, reply) =>
      reply
        .headers({ ...pageHeaders, "cache-control": "public, max-age=31536000, immutable" })
        .type("text/javascript; charset=utf-8")
        .send(script),
    );
    scope.setErrorHandler((error, request, reply) => {
      const problem = asJitnodeError(error);
      const fields = { request_id: request.id, code: problem.code, ...problem.log };
      // 502 is a sign-in provider's failure, of which the sign-in itself has written.
      if (problem.status >= 500 && problem.status !== 502) context.log.error("page failed", { ...fields, error });
      else context.log.debug("page refused", fields);
      // What came from elsewhere, or was no form at all, leaves nothing behind.
      if (request.method !== "POST" || !isRefusal(error) || unkept.has(error.code)) {
        return sendErrorPage(context, reply, problem);
      }
      return site.again(reply, { session: undefined }, refusedPath, error, { back: backOf(error) });
    });
    for (const part of parts) part(scope, site);
  });
};

const unkept: ReadonlySet<ErrorCode> = new Set([
  "csrf_invalid",
  "invalid_request",
  "body_too_large",
  "unsupported_media_type",
]);

/** Where signing in failed, the sign-in page still knows where the person was going; the start page would forget it. */
const backOf = ({ code }: JitnodeError): string => (code.startsWith("sign_in_") ? "/sign-in" : "/");

export const webRoutes: readonly Routes[] = [pages];

/** Answers with a page that says what happened: for pages, and for addresses that nothing is at. Nobody is named on it. */
export function sendErrorPage(
  context: Pick<ControlContext, "config">,
  reply: FastifyReply,
  error: JitnodeError,
): FastifyReply {
  const { host } = new URL(context.config.publicUrl);
  const texts = textsOf(reply.request);
  const back = { href: backOf(error), text: texts.error.back };
  return sendPage(reply, errorPage(texts, error, back), { texts, url: reply.request.url, host, person: undefined });
}
