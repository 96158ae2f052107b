// Joining an organization by its binding code.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../../../protocol/errors.js";
import { asIdempotencyKey } from "../../../services/idempotency.js";
import { field, form, hidden, problemNotice, type FormProblem } from "../../form.js";
import { html } from "../../html.js";
import type { Page } from "../../layout.js";
import type { PersonVisit, Site } from "../../site.js";
import { repeatOf } from "../decision.js";

const path = "/orgs/join";
const longestCode = 64;

export function joinPage(app: FastifyInstance, site: Site): void {
  const page = ({ texts, token }: PersonVisit, problem?: FormProblem): Page => {
    const { joinOrganization: text, node } = texts;
    return {
      title: text.title,
      refused: problem?.error,
      main: html`<h1>${text.title}</h1>
        <p class="lead">${text.lead}</p>
        ${problemNotice(problem)}
        <div class="card">
          ${form(path, token, [
            hidden({ key: site.formKey() }),
            field(
              { name: "binding_code", label: node.joinCode, hint: node.joinCodeHint, look: "typed", autofocus: true },
              problem,
            ),
            html`<button>${text.submit}</button>`,
          ])}
        </div>`,
    };
  };

  app.get(path, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    const { problem } = site.refusal(request, visit, { binding_code_invalid: "binding_code" });
    return site.show(reply, visit, page(visit, problem));
  });

  app.post(path, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    const fields = site.personFields(request, visit);
    try {
      const key = asIdempotencyKey(fields["key"]);
      if (key === undefined) throw new JitnodeError("invalid_request");
      const code = (fields["binding_code"] ?? "").trim().slice(0, longestCode);
      if (code === "") throw new JitnodeError("binding_code_invalid", { message: visit.texts.node.joinCodeMissing });
      const input = { binding_code: code };
      const joined = await site.organizations.join(visit.actor, input, repeatOf(key, path, input));
      return site.go(reply, `/orgs/${joined.id}`, "joined");
    } catch (error) {
      return site.again(reply, visit, path, error);
    }
  });
}
