// Signing this browser out.

import type { FastifyInstance } from "fastify";
import { form } from "../form.js";
import { html } from "../html.js";
import type { Site } from "../site.js";

export function signOutPage(app: FastifyInstance, site: Site): void {
  app.get("/sign-out", async (request, reply) => {
    const visit = await site.person(request, reply, "/");
    if (visit === undefined) return reply;
    const { signOutPage: text } = visit.texts;
    const button = html`<button>${text.submit}</button>`;
    return site.show(reply, visit, {
      title: text.title,
      main: html`<h1>${text.title}</h1>
        <p class="lead">${text.lead}</p>
        <div class="card">${form("/sign-out", visit.token, button)}</div>`,
    });
  });

  app.post("/sign-out", async (request, reply) => {
    const visit = await site.person(request, reply, "/");
    if (visit === undefined) return reply;
    site.personFields(request, visit);
    await site.sessions.end(visit.session, visit.visitor.address);
    return site.leave(reply);
  });
}
