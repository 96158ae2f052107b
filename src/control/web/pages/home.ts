// The start page of somebody signed in: activate a node, and the organizations they belong to.

import type { FastifyInstance } from "fastify";
import type { Organization } from "../../../protocol/people.js";
import { html } from "../html.js";
import type { Page } from "../layout.js";
import type { Site } from "../site.js";
import type { Texts } from "../texts/texts.js";

const shown = 100;

function page(texts: Texts, name: string, organizations: readonly Organization[]): Page {
  const { home } = texts;
  return {
    title: texts.product,
    main: html`<h1>${home.title(name)}</h1>
      <section class="card" aria-labelledby="activate">
        <h2 id="activate">${home.activate}</h2>
        <p class="quiet">${home.activateHint}</p>
        <a class="button" href="/activate">${home.enter}</a>
      </section>
      <section class="card" aria-labelledby="organizations">
        <h2 id="organizations">${home.organizations}</h2>
        ${
          organizations.length === 0
            ? html`<p class="quiet">${home.none}</p>`
            : html`<ul class="list">
                ${organizations.map(
                  (organization) =>
                    html`<li>
                      <strong><bdi>${organization.name}</bdi></strong>
                      <p class="quiet">
                        <span class="mono">${organization.id}</span><br>${home.role[organization.role]} ·
                        ${home.members(organization.members)} · ${home.nodes(organization.nodes)}
                      </p>
                    </li>`,
                )}
              </ul>`
        }
      </section>`,
  };
}

export function homePage(app: FastifyInstance, site: Site): void {
  app.get("/", async (request, reply) => {
    const visit = await site.person(request, reply, "/");
    if (visit === undefined) return reply;
    const { items } = await site.organizations.list(visit.actor, { after: undefined, limit: shown });
    return site.show(reply, visit, page(visit.texts, visit.session.accountName, items));
  });
}
