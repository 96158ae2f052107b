// What somebody new still has to say after a provider has said who they are: a name, and the binding code where accounts
// need one. Nothing exists before that, so leaving the page leaves nothing behind.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";
import type { Unfinished } from "../services/sign-ins.js";
import { only } from "../web/again.js";
import { field, form, hidden, problemNotice, type FormProblem, type Values } from "../web/form.js";
import { html } from "../web/html.js";
import type { Page } from "../web/layout.js";
import type { Site } from "../web/site.js";
import { phrase } from "../web/text.js";
import type { Texts } from "../web/texts/texts.js";

export const finishPath = "/sign-in/finish";
const problems = { name_invalid: "name", binding_code_invalid: "binding_code" } as const;

interface Rendering {
  readonly texts: Texts;
  readonly token: string;
  readonly state: string;
  readonly unfinished: Unfinished;
  readonly values: Values;
  readonly problem: FormProblem | undefined;
}

function page({ texts, token, state, unfinished, values, problem }: Rendering): Page {
  const { account, finish, signUp } = texts;
  const { display, needsCode, provider } = unfinished;
  const who = display && phrase(finish.who, { name: html`<strong><bdi>${display}</bdi></strong>` });
  return {
    title: finish.title,
    refused: problem?.error,
    main: html`<h1>${finish.title}</h1>
      <p class="lead">${phrase(finish.lead(provider.label), { who })}</p>
      ${needsCode && html`<p class="lead">${signUp.byCode}</p>`} ${problemNotice(problem)}
      <div class="card">
        ${form(finishPath, token, [
          hidden({ state }),
          field(
            {
              name: "name",
              label: account.name,
              hint: account.nameHint,
              value: values["name"] ?? unfinished.name,
              autocomplete: "name",
              required: true,
              autofocus: unfinished.name === "",
            },
            problem,
          ),
          needsCode &&
            field(
              {
                name: "binding_code",
                label: signUp.code,
                hint: signUp.codeHint,
                look: "typed",
                required: true,
                autofocus: unfinished.name !== "",
              },
              problem,
            ),
          html`<button>${account.submit}</button>`,
        ])}
      </div>
      <p class="after">${finish.known} <a href="/sign-in">${signUp.signIn}</a></p>`,
  };
}

export function finishPage(app: FastifyInstance, site: Site): void {
  app.get<{ Querystring: { readonly state?: string } }>(finishPath, async (request, reply) => {
    const visit = await site.visit(request);
    const state = typeof request.query.state === "string" ? request.query.state : "";
    const unfinished = await site.signIns.unfinished(state, site.cookies.read(request, "browser") ?? "");
    if (unfinished === undefined) throw new JitnodeError("sign_in_attempt_invalid");
    const token = site.formToken(request, reply);
    const nobody = { ...visit, session: undefined };
    const { values, problem } = site.refusal(request, nobody, problems);
    return site.show(reply, nobody, page({ texts: visit.texts, token, state, unfinished, values, problem }));
  });

  app.post(finishPath, async (request, reply) => {
    const fields = site.openFields(request);
    const visit = await site.visit(request);
    const state = fields["state"] ?? "";
    const browser = site.cookies.read(request, "browser") ?? "";
    const wanted = { name: fields["name"] ?? "", bindingCode: fields["binding_code"] ?? "" };
    try {
      const { cookie, target } = await site.signIns.finish(state, browser, wanted, visit.visitor);
      return site.welcome(request, reply, cookie, target);
    } catch (error) {
      if ((await site.signIns.unfinished(state, browser)) === undefined) throw error;
      return site.again(reply, { session: undefined }, `${finishPath}?state=${state}`, error, only(fields, "name"));
    }
  });
}
