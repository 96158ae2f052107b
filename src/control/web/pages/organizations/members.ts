// The members of an organization, and removing one.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../../../protocol/errors.js";
import type { Member } from "../../../../protocol/people.js";
import type { Found } from "../../../services/paging.js";
import { confirmPage } from "../../confirm.js";
import type { FormProblem } from "../../form.js";
import { html } from "../../html.js";
import type { Page } from "../../layout.js";
import {
  badge,
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
import { moment } from "../../times.js";
import { mono } from "../asks.js";
import { inside, insidePage, type Inside } from "./inside.js";

export function membersPages(app: FastifyInstance, site: Site): void {
  app.get(
    "/orgs/:org/members",
    inside(site, async (at) => {
      const query = readListQuery(at.query);
      const { actor } = at.visit;
      const found = await site.members.search(actor, at.organization.id, searchOf(query));
      const stays = at.isAdministrator && (await site.members.hasOneAdministrator(actor, at.organization.id));
      return page(at, query, found, stays);
    }),
  );

  app.get(
    "/orgs/:org/members/:account/remove",
    inside(site, async (at, reply) => {
      if (!at.isAdministrator) throw new JitnodeError("administrator_required");
      const member = await find(site, at);
      return member === undefined
        ? site.go(reply, `${at.path}/members`)
        : askPage(at, member, site.refusal(reply.request, at.visit).problem);
    }),
  );

  app.post(
    "/orgs/:org/members/:account/remove",
    inside(site, async (at, reply) => {
      const member = await find(site, at);
      try {
        const removed = await site.members.remove(at.visit.actor, at.organization.id, at.params["account"] ?? "");
        // Whoever removes themselves sees no list any more.
        if (member?.you === true) return site.go(reply, "/", "left");
        return site.go(reply, `${at.path}/members`, removed === undefined ? "removedBefore" : "removed");
      } catch (error) {
        if (member === undefined) throw error;
        return site.again(reply, at.visit, `${at.path}/members/${member.account_id}/remove`, error);
      }
    }),
  );
}

const find = (site: Site, { visit, organization, params }: Inside): Promise<Member | undefined> =>
  site.members.show(visit.actor, organization.id, params["account"] ?? "");

function askPage({ visit, texts, path, organization }: Inside, member: Member, problem?: FormProblem): Page {
  const { removeMember: text } = texts;
  return confirmPage(visit, {
    kind: organization.name,
    title: member.you ? text.titleYou : text.title(member.name),
    lead: member.you ? text.leadYou : text.lead,
    submit: member.you ? text.submitYou : text.submit,
    grave: true,
    action: `${path}/members/${member.account_id}/remove`,
    back: `${path}/members`,
    problem,
  });
}

/** `stays`: whoever looks is the last administrator, and is not offered to leave. */
function page(at: Inside, query: ListQuery, { items, more }: Found<Member>, stays: boolean): Page {
  const { texts, path, organization } = at;
  const { members: text, home } = texts;
  const action = `${path}/members`;
  const list = rows(
    items.map((member) => ({
      title: html`<bdi>${member.name}</bdi>`,
      mark: [
        member.you && badge(texts.you),
        member.role === "administrator" ? badge(home.role.administrator, "strong") : badge(home.role.member),
      ],
      facts: [
        html`${text.joinedBy[member.joined_by]} · ${moment(texts, member.joined_at)}`,
        mono(member.account_id),
        member.you && stays && text.stays,
      ],
      action:
        at.isAdministrator &&
        !(member.you && stays) &&
        html`<a class="button plain" href="${action}/${member.account_id}/remove">${member.you ? text.leave : text.remove}<span class="unseen"> <bdi>${member.you ? organization.name : member.name}</bdi></span></a>`,
    })),
  );
  const alone = items.length === 1 && isWhole(query, more);
  return insidePage(at, {
    tab: "members",
    main: html`${searchForm(texts, action, text.search, query)}
      <section class="card" id="members" data-live aria-label="${texts.organization.tabs.members}">
        ${items.length === 0 ? empty(texts.lists.nothing, texts.lists.nothingHint) : list}
        ${alone && empty(text.alone, text.aloneHint, { href: `${path}?code=shown`, text: texts.bindingCode.show })}
      </section>
      ${pager(texts, action, query, more)}`,
  });
}
