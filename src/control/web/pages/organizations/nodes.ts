// The nodes of an organization: how each stands, and unbinding one.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../../../protocol/errors.js";
import type { OrganizationNode } from "../../../../protocol/people.js";
import type { Found } from "../../../services/paging.js";
import { confirmPage } from "../../confirm.js";
import { html, type Html } from "../../html.js";
import type { Page } from "../../layout.js";
import {
  badge,
  coming,
  empty,
  isWhole,
  pager,
  readListQuery,
  rows,
  searchForm,
  searchOf,
  type ListQuery,
} from "../../lists.js";
import type { Site } from "../../site.js";
import { phrase } from "../../text.js";
import type { Texts } from "../../texts/texts.js";
import { ago, moment } from "../../times.js";
import { fact, mono } from "../asks.js";
import { inside, insidePage, type Inside } from "./inside.js";

export function nodesPages(app: FastifyInstance, site: Site): void {
  const { clock } = site.context;

  app.get(
    "/orgs/:org/nodes",
    inside(site, async (at) => {
      const query = readListQuery(at.query);
      const found = await site.nodes.search(at.visit.actor, at.organization.id, searchOf(query));
      return page(at, query, found, clock.now());
    }),
  );

  app.get(
    "/orgs/:org/nodes/:node/unbind",
    inside(site, async (at) => {
      const { visit, texts, path, organization } = at;
      if (!at.isAdministrator) throw new JitnodeError("administrator_required");
      const node = await site.nodes.show(visit.actor, organization.id, at.params["node"] ?? "");
      const { unbindNode: text } = texts;
      return confirmPage(visit, {
        kind: organization.name,
        title: text.title(node.name),
        lead: text.lead,
        facts: html`<dl class="facts">
          ${fact(texts.asks.nodeId, mono(node.id))} ${fact(texts.nodes.state, state(texts, node))}
        </dl>`,
        submit: text.submit,
        grave: true,
        action: `${path}/nodes/${node.id}/unbind`,
        back: `${path}/nodes`,
      });
    }),
  );

  app.post(
    "/orgs/:org/nodes/:node/unbind",
    inside(site, async ({ visit, path, organization, params }, reply) => {
      await site.nodes.unbind(visit.actor, organization.id, params["node"] ?? "");
      return site.go(reply, `${path}/nodes`, "unbound");
    }),
  );
}

const looks = { connected: "good", offline: undefined, never_connected: undefined } as const;

const state = (texts: Texts, node: OrganizationNode): Html => badge(texts.nodes.states[node.state], looks[node.state]);

/** Of one that is online it says nothing more. */
const seen = (texts: Texts, { state, last_seen_at: at }: OrganizationNode, now: number): Html | undefined =>
  state === "connected" || at === null
    ? undefined
    : html`${phrase(texts.nodes.seen, { when: ago(texts, at, now) })} · `;

function page(at: Inside, query: ListQuery, { items, more }: Found<OrganizationNode>, now: number): Page {
  const { texts, path } = at;
  const { nodes: text } = texts;
  const action = `${path}/nodes`;
  const list = rows(
    items.map((node) => ({
      title: html`<bdi>${node.name}</bdi>`,
      mark: state(texts, node),
      facts: [
        node.possible_copy_at !== null &&
          html`<span class="flag">${text.copied}</span>\u00a0· ${ago(texts, node.possible_copy_at, now)}`,
        html`${seen(texts, node, now)}${text.version}\u00a0<bdi>${node.version}</bdi> · <bdi>${node.os}</bdi>`,
        phrase(text.activated, { name: html`<bdi>${node.bound_by.name}</bdi>`, when: moment(texts, node.bound_at) }),
        mono(node.id),
      ],
      action:
        at.isAdministrator &&
        html`<a class="button plain" href="${action}/${node.id}/unbind">${text.unbind}<span class="unseen"> <bdi>${node.name}</bdi></span></a>`,
    })),
  );
  const none = items.length === 0 && isWhole(query, more);
  return insidePage(at, {
    tab: "nodes",
    main: html`${coming("search", !none && searchForm(texts, action, text.search, query))}
      <section class="card" id="nodes" data-live aria-label="${texts.organization.tabs.nodes}">
        ${
          items.length > 0
            ? list
            : none
              ? empty(text.none, text.noneHint, { href: "/activate", text: texts.home.enter })
              : empty(texts.lists.nothing, texts.lists.nothingHint)
        }
      </section>
      ${pager(texts, action, query, more)}`,
  });
}
