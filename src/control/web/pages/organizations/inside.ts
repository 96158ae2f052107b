// What every page inside an organization shares: only for members, and plain words for whoever is one no longer; the
// organization's name and the ways to its pages.

import type { FastifyReply, FastifyRequest } from "fastify";
import { asOrganizationId } from "../../../../domain/ids.js";
import { JitnodeError } from "../../../../protocol/errors.js";
import type { Organization } from "../../../../protocol/people.js";
import type { Values } from "../../form.js";
import { attributes, html, type Html } from "../../html.js";
import type { Page } from "../../layout.js";
import type { PersonVisit, Site } from "../../site.js";
import type { Texts } from "../../texts/texts.js";
import { errorPage } from "../error.js";
import { refusedPath } from "../refused.js";

/** Somebody inside an organization of theirs. */
export interface Inside {
  readonly visit: PersonVisit;
  readonly texts: Texts;
  readonly organization: Organization;
  readonly isAdministrator: boolean;
  /** The address of the organization's first page. */
  readonly path: string;
  /** Of the form that was sent; its CSRF token has been checked. */
  readonly fields: Values;
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
}

/** A page to show, or a place to go to. */
type Work = (inside: Inside, reply: FastifyReply) => Promise<Page | FastifyReply>;

export const inside =
  (site: Site, work: Work) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const params = request.params as Readonly<Record<string, string>>;
    const org = params["org"] ?? "";
    const path = `/orgs/${org}`;
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    const fields = request.method === "POST" ? site.personFields(request, visit) : {};
    try {
      const organization = await site.organizations.show(visit.actor, org);
      const isAdministrator = organization.role === "administrator";
      const query = (request.query ?? {}) as Readonly<Record<string, unknown>>;
      const { texts } = visit;
      const outcome = await work({ visit, texts, organization, isAdministrator, path, fields, query, params }, reply);
      return "main" in outcome ? site.show(reply, visit, outcome) : outcome;
    } catch (error) {
      if (!(error instanceof JitnodeError) || error.status >= 500) throw error;
      const said = error.code === "org_not_found" ? await outside(site, visit, org) : error;
      if (request.method === "POST")
        return site.again(reply, visit, refusedPath, said, { back: said === error ? path : "/" });
      if (said !== error) return site.show(reply, visit, errorPage(visit.texts, said));
      return site.show(
        reply,
        visit,
        errorPage(visit.texts, error, { href: path, text: visit.texts.organization.back }),
      );
    }
  };

/** To somebody who never belonged to it, it is as if it did not exist. */
async function outside(site: Site, { actor, texts }: PersonVisit, org: string): Promise<JitnodeError> {
  const id = asOrganizationId(org);
  const { removed, removedHint, leftHint } = texts.organization;
  const how = id && (await site.activity.departure(actor, id));
  const said =
    id === undefined || how === undefined
      ? {}
      : { message: removed(id), hint: how === "left" ? leftHint : removedHint };
  return new JitnodeError("org_not_found", said);
}

const tabs = ["overview", "members", "nodes", "activity"] as const;
export type Tab = (typeof tabs)[number];

const pathOf = (path: string, tab: Tab): string => (tab === "overview" ? path : `${path}/${tab}`);

export interface Content {
  readonly tab: Tab;
  readonly main: Html;
}

export function insidePage({ texts, organization, path }: Inside, { tab, main }: Content): Page {
  const { tabs: names } = texts.organization;
  const counts: Readonly<Partial<Record<Tab, number>>> = {
    members: organization.members,
    nodes: organization.nodes,
  };
  const link = (to: Tab): Html =>
    html` <a href="${pathOf(path, to)}"${attributes({ "aria-current": to === tab && "page" })}>${names[to]}${
      counts[to] !== undefined && html` <span class="count">${counts[to]}</span>`
    }</a>`;
  return {
    title: `${names[tab]} · ${organization.name}`,
    wide: true,
    script: { events: `${path}/events` },
    main: html`<p class="kind"><a href="/">${texts.home.organizations}</a></p>
      <h1><bdi>${organization.name}</bdi></h1>
      <nav class="tabs" id="tabs" data-live aria-label="${texts.organization.navigation}">${tabs.map(link)}</nav>
      ${main}`,
  };
}
