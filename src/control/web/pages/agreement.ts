// The agreement for organizations, in the version that is accepted now.

import type { FastifyInstance } from "fastify";
import { shippedAgreement } from "../../services/agreement-text.js";
import { attributes, html } from "../html.js";
import type { Site } from "../site.js";
import { document } from "../text.js";

export function agreementPage(app: FastifyInstance, site: Site): void {
  const { agreement } = site.organizations;
  const { title: own, body } = document(agreement.text);
  // In which language an operator's own is, nobody says.
  const language = agreement.text === shippedAgreement ? "en" : undefined;

  app.get("/agreement", async (request, reply) => {
    const visit = await site.visit(request);
    const { texts } = visit;
    const title = own ?? texts.agreement.title;
    const foreign = language !== undefined && language !== texts.language;
    const lang = attributes({ lang: foreign && language });
    return site.show(reply, visit, {
      title,
      main: html`<h1${own !== undefined && lang}>${title}</h1>
        ${foreign && html`<p class="lead">${texts.agreement.foreign}</p>`}
        <article class="card document"${lang}>${body}</article>
        <p class="quiet">${texts.agreement.version} <span class="mono">${agreement.version}</span></p>`,
    });
  });
}
