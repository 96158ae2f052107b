// Creating an organization: name, ID and consent to the agreement.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../../../protocol/errors.js";
import { asIdempotencyKey } from "../../../services/idempotency.js";
import { only } from "../../again.js";
import { form, hidden, problemNotice, type FormProblem, type Values } from "../../form.js";
import { html } from "../../html.js";
import type { Page } from "../../layout.js";
import type { PersonVisit, Site } from "../../site.js";
import { repeatOf } from "../decision.js";
import { creationFields, creationOf, creationProblems, creationShown } from "./creation.js";

const path = "/orgs/new";

export function createPage(app: FastifyInstance, site: Site): void {
  const { agreement } = site.organizations;

  const page = ({ texts, token }: PersonVisit, values: Values, problem?: FormProblem): Page => {
    const { createOrganization: text } = texts;
    return {
      title: text.title,
      refused: problem?.error,
      main: html`<h1>${text.title}</h1>
        <p class="lead">${text.lead}</p>
        ${problemNotice(problem)}
        <div class="card">
          ${form(path, token, [
            hidden({ key: site.formKey(), agreement: agreement.version }),
            creationFields(texts, values, problem),
            html`<button>${text.submit}</button>`,
          ])}
        </div>
        <p class="after">${text.instead} <a href="/orgs/join">${texts.joinOrganization.title}</a></p>`,
    };
  };

  /** For whom no form would be of any use. */
  const notAllowed = ({ texts }: PersonVisit, problem: FormProblem | undefined): Page => ({
    title: texts.createOrganization.title,
    refused: problem?.error,
    main: html`<h1>${texts.createOrganization.title}</h1>
      <div class="card">
        <p class="label">${texts.createOrganization.notAllowed}</p>
        <p class="quiet">${texts.createOrganization.notAllowedMore}</p>
        <p class="actions"><a class="button" href="/orgs/join">${texts.home.join}</a></p>
      </div>`,
  });

  app.get(path, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    const may = visit.session.mayCreateOrganizations;
    const { values, problem } = site.refusal(request, visit, creationProblems);
    return site.show(reply, visit, may ? page(visit, values, problem) : notAllowed(visit, problem));
  });

  app.post(path, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    const fields = site.personFields(request, visit);
    try {
      const created = await site.organizations.create(visit.actor, ...readCreation(fields));
      return site.go(reply, `/orgs/${created.id}`, "created");
    } catch (error) {
      return site.again(reply, visit, path, error, only(fields, ...creationShown));
    }
  });
}

function readCreation(fields: Values) {
  const key = asIdempotencyKey(fields["key"]);
  if (key === undefined) throw new JitnodeError("invalid_request");
  const input = creationOf(fields);
  return [input, repeatOf(key, path, input)] as const;
}
