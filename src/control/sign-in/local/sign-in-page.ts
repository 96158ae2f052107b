// Signing in with name and password.

import type { FastifyInstance } from "fastify";
import { only } from "../../web/again.js";
import { field, form, problemNotice, type FormProblem, type Values } from "../../web/form.js";
import { html } from "../../web/html.js";
import type { ProviderChoice } from "../../services/providers.js";
import { providersBefore } from "../../web/provider-buttons.js";
import type { Page } from "../../web/layout.js";
import type { Site } from "../../web/site.js";
import { asTarget } from "../../web/targets.js";
import type { Texts } from "../../web/texts/texts.js";

interface Rendering {
  readonly texts: Texts;
  readonly token: string;
  readonly onTheWay: boolean;
  readonly mayAsk: boolean;
  readonly providers: readonly ProviderChoice[];
  readonly values: Values;
  readonly problem: FormProblem | undefined;
}

function page({ texts, token, onTheWay, mayAsk, providers, values, problem }: Rendering): Page {
  const { signIn } = texts;
  return {
    title: signIn.title,
    refused: problem?.error,
    main: html`<h1>${signIn.title}</h1>
      ${onTheWay && html`<p class="lead">${signIn.toContinue}</p>`} ${problemNotice(problem)}
      <div class="card">
        ${providersBefore({ providers, token, label: texts.provider.signIn }, texts.provider.or)}
        ${form("/sign-in", token, [
          field(
            {
              name: "login",
              label: signIn.login,
              value: values["login"],
              autocomplete: "username",
              required: true,
              autofocus: providers.length === 0,
            },
            problem,
          ),
          field(
            {
              name: "password",
              label: signIn.password,
              type: "password",
              autocomplete: "current-password",
              required: true,
            },
            problem,
          ),
          html`<button>${signIn.submit}</button>`,
        ])}
      </div>
      ${mayAsk && html`<p class="after">${signIn.newHere} <a href="/sign-up">${signIn.signUp}</a></p>`}
      <p class="after">${signIn.forgotten}</p>`,
  };
}

export function signInPage(app: FastifyInstance, site: Site): void {
  const { providers } = site.signIns;
  const mayAsk = site.context.config.signup !== "invited";

  app.get("/sign-in", async (request, reply) => {
    const visit = await site.visit(request);
    const target = asTarget(site.cookies.read(request, "next"));
    const nobody = { ...visit, session: undefined };
    const { values, problem } = site.refusal(request, nobody, { sign_in_failed: "password" });
    if (visit.session !== undefined && problem === undefined) return site.go(reply, target ?? "/");
    const token = site.formToken(request, reply);
    const onTheWay = target?.startsWith("/activate") === true;
    const rendering = { texts: visit.texts, token, mayAsk, providers, onTheWay, values, problem };
    return site.show(reply, nobody, page(rendering));
  });

  app.post("/sign-in", async (request, reply) => {
    const fields = site.openFields(request);
    const visit = await site.visit(request);
    try {
      const { cookie } = await site.accounts.signIn(fields["login"] ?? "", fields["password"] ?? "", visit.visitor);
      return await site.welcome(request, reply, cookie);
    } catch (error) {
      return site.again(reply, { session: undefined }, "/sign-in", error, only(fields, "login"));
    }
  });
}
