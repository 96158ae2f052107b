// The agreement for organizations, in the version that is accepted now.

import type { FastifyInstance } from "fastify";
import { html } from "../html.js";
import type { Site } from "../site.js";
import { document } from "../text.js";
import { texts } from "../texts/texts.js";

export function agreementPage(app: FastifyInstance, site: Site): void {
  const { agreement } = site.organizations;
  const { title = texts.agreement.title, body } = document(agreement.text);

  app.get("/agreement", async (request, reply) =>
    site.show(reply, await site.visit(request), {
      title,
      main: html`<h1>${title}</h1>
        <article class="card document">${body}</article>
        <p class="quiet">${texts.agreement.version} <span class="mono">${agreement.version}</span></p>`,
    }),
  );
}
