// The start page of somebody signed in: activate a node, and the organizations they belong to.

import type { FastifyInstance } from "fastify";
import type { Organization } from "../../../protocol/people.js";
import { html, type Html } from "../html.js";
import type { Page } from "../layout.js";
import type { PersonVisit, Site } from "../site.js";
import type { Texts } from "../texts/texts.js";

const shown = 100;

function page({ texts, session }: PersonVisit, organizations: readonly Organization[]): Page {
  const { home } = texts;
  return {
    title: home.page,
    main: html`<h1>${home.title(session.accountName)}</h1>
      <section class="card" aria-labelledby="activate">
        <h2 id="activate">${home.activate}</h2>
        <p class="quiet">${home.activateHint}</p>
        <a class="button" href="/activate">${home.enter}</a>
      </section>
      <section class="card" aria-labelledby="organizations">
        <h2 id="organizations">${home.organizations}</h2>
        ${organizations.length === 0 ? html`<p class="quiet">${home.none}</p>` : list(texts, organizations)}
        <p class="actions">
          ${session.mayCreateOrganizations && html`<a class="button plain" href="/orgs/new">${home.create}</a>`}
          <a class="button plain" href="/orgs/join">${home.join}</a>
        </p>
      </section>`,
  };
}

const list = ({ home }: Texts, organizations: readonly Organization[]): Html =>
  html`<ul class="rows ways">
    ${organizations.map(
      ({ id, name, role, members, nodes }) =>
        html`<li>
          <a href="/orgs/${id}">
            <strong><bdi>${name}</bdi></strong>
            <span class="hint"><span class="mono">${id}</span></span>
            <span class="hint">${home.role[role]} · ${home.members(members)} · ${home.nodes(nodes)}</span>
          </a>
        </li>`,
    )}
  </ul>`;

export function homePage(app: FastifyInstance, site: Site): void {
  app.get("/", async (request, reply) => {
    const visit = await site.person(request, reply, "/");
    if (visit === undefined) return reply;
    const { items } = await site.organizations.list(visit.actor, { after: undefined, limit: shown });
    return site.show(reply, visit, page(visit, items));
  });
}
