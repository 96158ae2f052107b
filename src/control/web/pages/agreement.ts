// The agreement for organizations, in the version that is accepted now.

import type { FastifyInstance } from "fastify";
import { html } from "../html.js";
import type { Site } from "../site.js";
import { document } from "../text.js";

export function agreementPage(app: FastifyInstance, site: Site): void {
  const { agreement } = site.organizations;
  const { title: own, body } = document(agreement.text);

  app.get("/agreement", async (request, reply) => {
    const visit = await site.visit(request);
    const { texts } = visit;
    const title = own ?? texts.agreement.title;
    return site.show(reply, visit, {
      title,
      main: html`<h1>${title}</h1>
        <article class="card document">${body}</article>
        <p class="quiet">${texts.agreement.version} <span class="mono">${agreement.version}</span></p>`,
    });
  });
}
