// Making an account without an invitation, as far as JITNODE_CONTROL_SIGNUP allows it.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../../protocol/errors.js";
import type { ProviderChoice } from "../../services/providers.js";
import { invitationOnly } from "../../services/accounts.js";
import { only } from "../../web/again.js";
import { field, form, problemNotice, type FormProblem, type Values } from "../../web/form.js";
import { html } from "../../web/html.js";
import type { Page } from "../../web/layout.js";
import { providersBefore } from "../../web/provider-buttons.js";
import type { Site } from "../../web/site.js";
import { asTarget } from "../../web/targets.js";
import type { Texts } from "../../web/texts/texts.js";
import { accountFieldsOf, accountProblems, accountShown, newAccountFields } from "./fields.js";

interface Rendering {
  readonly texts: Texts;
  readonly token: string;
  readonly byCode: boolean;
  readonly providers: readonly ProviderChoice[];
  readonly values: Values;
  readonly problem: FormProblem | undefined;
}

function page({ texts, token, byCode, providers, values, problem }: Rendering): Page {
  const { signUp, account } = texts;
  const code = {
    name: "binding_code",
    label: signUp.code,
    hint: signUp.codeHint,
    look: "typed",
    required: true,
  } as const;
  return {
    title: signUp.title,
    refused: problem?.error,
    main: html`<h1>${signUp.title}</h1>
      ${byCode && html`<p class="lead">${signUp.byCode}</p>`} ${problemNotice(problem)}
      <div class="card">
        ${providersBefore({ providers, token, label: texts.provider.signIn }, texts.provider.or)}
        ${form("/sign-up", token, [
          newAccountFields(texts, values, problem),
          byCode && field(code, problem),
          html`<button>${account.submit}</button>`,
        ])}
      </div>
      <p class="after">${signUp.have} <a href="/sign-in">${signUp.signIn}</a></p>`,
  };
}

export function signUpPage(app: FastifyInstance, site: Site): void {
  const { signup } = site.context.config;
  const byCode = signup === "code";
  const { providers } = site.signIns;

  app.get("/sign-up", async (request, reply) => {
    if (signup === "invited") throw new JitnodeError("sign_up_not_allowed", invitationOnly);
    const visit = await site.visit(request);
    const nobody = { ...visit, session: undefined };
    const { values, problem } = site.refusal(request, nobody, accountProblems);
    if (visit.session !== undefined && problem === undefined) {
      return site.go(reply, asTarget(site.cookies.read(request, "next")) ?? "/");
    }
    const token = site.formToken(request, reply);
    return site.show(reply, nobody, page({ texts: visit.texts, token, byCode, providers, values, problem }));
  });

  app.post("/sign-up", async (request, reply) => {
    const fields = site.openFields(request);
    const visit = await site.visit(request);
    try {
      const wanted = { ...accountFieldsOf(fields), bindingCode: fields["binding_code"] ?? "" };
      const { cookie } = await site.accounts.signUp(wanted, visit.visitor);
      return await site.welcome(request, reply, cookie);
    } catch (error) {
      if (error instanceof JitnodeError && error.code === "sign_up_not_allowed") throw error;
      return site.again(reply, { session: undefined }, "/sign-up", error, only(fields, ...accountShown));
    }
  });
}
