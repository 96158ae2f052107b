// The pages behind one-time links. Opening one (GET) uses nothing up: mail scanners and link previews open them too.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { JitnodeError } from "../../../protocol/errors.js";
import type { SignedIn } from "../../services/accounts.js";
import type { Visitor } from "../../services/browser-sessions.js";
import { findLink, linkPaths } from "../../services/links.js";
import type { LinkKind } from "../../store/account-links.js";
import { only } from "../../web/again.js";
import { form, problemNotice, type FormProblem, type Values } from "../../web/form.js";
import { html, type Html } from "../../web/html.js";
import type { Page } from "../../web/layout.js";
import { providersBefore } from "../../web/provider-buttons.js";
import type { Site } from "../../web/site.js";
import type { Texts } from "../../web/texts/texts.js";
import { accountFieldsOf, accountProblems, accountShown, newAccountFields, newPasswordField } from "./fields.js";

interface LinkPage {
  readonly kind: LinkKind;
  said(texts: Texts): { readonly title: string; readonly lead: string; readonly submit: string };
  fields(texts: Texts, values: Values, problem: FormProblem | undefined): Html;
  use(site: Site, token: string, fields: Values, visitor: Visitor): Promise<SignedIn>;
}

const pages: readonly LinkPage[] = [
  {
    kind: "setup",
    said: ({ setUp, account }) => ({ ...setUp, submit: account.submit }),
    fields: newAccountFields,
    use: (site, token, fields, visitor) => site.accounts.setUp(token, accountFieldsOf(fields), visitor),
  },
  {
    kind: "invitation",
    said: ({ invitation, account }) => ({ ...invitation, submit: account.submit }),
    fields: newAccountFields,
    use: (site, token, fields, visitor) => site.accounts.acceptInvitation(token, accountFieldsOf(fields), visitor),
  },
  {
    kind: "reset",
    said: ({ reset }) => reset,
    fields: (texts, _values, problem) => newPasswordField(texts, texts.account.newPassword, problem),
    use: (site, token, fields, visitor) => site.accounts.resetPassword(token, fields["password"] ?? "", visitor),
  },
];

const invalid = (texts: Texts, kind: LinkKind): JitnodeError =>
  new JitnodeError("link_invalid", { hint: texts.error.linkInvalid[kind] });

interface Rendering {
  readonly link: LinkPage;
  readonly texts: Texts;
  /** Of the form, and of the link. */
  readonly csrf: string;
  readonly token: string;
  readonly values: Values;
  readonly problem: FormProblem | undefined;
}

function render(site: Site, { link, texts, csrf, token, values, problem }: Rendering): Page {
  const { title, lead, submit } = link.said(texts);
  // A new password is for an account that has one.
  const providers = link.kind === "reset" ? [] : site.signIns.providers;
  return {
    title,
    refused: problem?.error,
    main: html`<h1>${title}</h1>
      <p class="lead">${lead}</p>
      ${problemNotice(problem)}
      <div class="card">
        ${providersBefore(
          { providers, token: csrf, label: texts.provider.signIn, values: { link: token } },
          texts.provider.or,
        )}
        ${form(`${linkPaths[link.kind]}/${token}`, csrf, [
          link.fields(texts, values, problem),
          html`<button>${submit}</button>`,
        ])}
      </div>`,
  };
}

export function linkPages(app: FastifyInstance, site: Site): void {
  for (const link of pages) {
    const path = linkPaths[link.kind];

    app.get(`${path}/:token`, async (request, reply) => {
      const { visit, token } = await read(site, request);
      if ((await findLink(site.context, link.kind, token)) === undefined) throw invalid(visit.texts, link.kind);
      const { values, problem } = site.refusal(request, visit, accountProblems);
      const csrf = site.formToken(request, reply);
      return site.show(reply, visit, render(site, { link, texts: visit.texts, csrf, token, values, problem }));
    });

    app.post(`${path}/:token`, async (request, reply): Promise<FastifyReply> => {
      const fields = site.openFields(request);
      const { visit, token } = await read(site, request);
      try {
        const { cookie } = await link.use(site, token, fields, visit.visitor);
        return await site.welcome(request, reply, cookie);
      } catch (error) {
        if (!(error instanceof JitnodeError)) throw error;
        if (error.code === "link_invalid") throw invalid(visit.texts, link.kind);
        if (accountProblems[error.code] === undefined) throw error;
        return site.again(reply, visit, `${path}/${encodeURIComponent(token)}`, error, only(fields, ...accountShown));
      }
    });
  }
}

/** Shown as nobody: these pages make another account than the one that may be signed in. */
async function read(site: Site, request: FastifyRequest) {
  const { token } = request.params as { readonly token: string };
  return { token, visit: { ...(await site.visit(request)), session: undefined } };
}
