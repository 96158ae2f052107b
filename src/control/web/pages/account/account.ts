// The account of whoever is signed in: the ways in, and where it is signed in. Ending one's own session signs out.

import type { FastifyInstance } from "fastify";
import { JitnodeError } from "../../../../protocol/errors.js";
import type { Session } from "../../../../protocol/people.js";
import type { OwnIdentity } from "../../../services/identities.js";
import { agentInWords } from "../../agent.js";
import { confirmPage } from "../../confirm.js";
import { form, problemNotice, type FormProblem } from "../../form.js";
import { html, type Html } from "../../html.js";
import type { Page } from "../../layout.js";
import { badge, rows } from "../../lists.js";
import { providerButtons } from "../../provider-buttons.js";
import type { PersonVisit, Site } from "../../site.js";
import { phrase } from "../../text.js";
import type { Texts } from "../../texts/texts.js";
import { ago, moment } from "../../times.js";
import { fact, mono } from "../asks.js";

const path = "/account";

export function accountPages(app: FastifyInstance, site: Site): void {
  const { clock } = site.context;

  const render = async (visit: PersonVisit, problem?: FormProblem): Promise<Page> => {
    const { texts, actor, session } = visit;
    const { accountPage: text } = texts;
    const { account } = await site.myself.show(actor);
    const sessions = await site.myself.sessions(actor);
    return {
      title: text.title,
      refused: problem?.error,
      wide: true,
      script: {},
      main: html`<h1>${text.title}</h1>
        ${problemNotice(problem)}
        <div class="columns">
          <div>
            <section class="card" aria-labelledby="who">
              <h2 id="who">${text.who}</h2>
              <dl class="facts">
                ${fact(text.name, html`<bdi>${session.accountName}</bdi>`)} ${fact(text.id, mono(account.id))}
                ${fact(text.since, moment(texts, account.created_at))}
              </dl>
            </section>
            ${waysIn(site, visit, await site.signIns.identitiesOf(actor))}
          </div>
          <section class="card" aria-labelledby="sessions">
            <h2 id="sessions">${text.sessions}</h2>
            <p class="quiet">${text.sessionsLead}</p>
            ${rows(sessions.items.map((each) => sessionRow(visit, each, clock.now())))}
            <p class="actions"><a class="button plain" href="${path}/sign-out-everywhere">${text.everywhere}</a></p>
          </section>
        </div>`,
    };
  };

  app.get(path, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    return site.show(reply, visit, await render(visit, site.refusal(request, visit).problem));
  });

  app.post(`${path}/sessions/:id/end`, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    site.personFields(request, visit);
    const { id } = request.params as { readonly id: string };
    await site.myself.endSession(visit.actor, id);
    if (id === visit.session.id) return site.leave(reply);
    return site.go(reply, path, "sessionEnded");
  });

  app.post(`${path}/sign-ins/:id/unlink`, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    site.personFields(request, visit);
    const { id } = request.params as { readonly id: string };
    try {
      await site.signIns.unlink(visit.actor, id);
      return site.go(reply, path, "unlinked");
    } catch (error) {
      // What another tab has unlinked is unlinked.
      if (error instanceof JitnodeError && error.code === "identity_not_found") return site.go(reply, path, "unlinked");
      return site.again(reply, visit, path, error);
    }
  });

  app.get(`${path}/sign-out-everywhere`, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    const asked = { ...visit.texts.signOutEverywhere, grave: true, action: `${path}/sign-out-everywhere`, back: path };
    return site.show(reply, visit, confirmPage(visit, asked));
  });

  app.post(`${path}/sign-out-everywhere`, async (request, reply) => {
    const visit = await site.person(request, reply, path);
    if (visit === undefined) return reply;
    site.personFields(request, visit);
    await site.myself.endAllSessions(visit.actor);
    return site.leave(reply);
  });
}

const nameOf = ({ accountPage, provider }: Texts, identity: OwnIdentity): string =>
  identity.provider === "local" ? accountPage.local : provider.called(identity.label ?? identity.provider);

function waysIn(site: Site, { texts, token }: PersonVisit, identities: readonly OwnIdentity[]): Html {
  const { accountPage: text } = texts;
  const { providers } = site.signIns;
  const linked = identities.filter(({ label }) => label !== undefined);
  const unlinked = providers.filter(({ name }) => linked.every(({ provider }) => provider !== name));
  return html`<section class="card" aria-labelledby="ways">
    <h2 id="ways">${text.ways}</h2>
    <p class="quiet">${text.waysLead}</p>
    ${rows(
      identities.map((identity) => ({
        title: nameOf(texts, identity),
        mark: identity.provider !== "local" && identity.label === undefined && badge(text.gone, "warn"),
        facts: [
          identity.display !== undefined && html`<bdi>${identity.display}</bdi>`,
          phrase(text.linked, { when: moment(texts, identity.linkedAt) }),
          !identity.mayUnlink && text.lastWay,
        ],
        action:
          identity.mayUnlink &&
          form(
            `/account/sign-ins/${identity.id}/unlink`,
            token,
            html`<button class="plain" aria-label="${text.unlink}: ${nameOf(texts, identity)}">${text.unlink}</button>`,
          ),
      })),
    )}
    ${unlinked.length > 0 && html`<h3 class="next">${text.linkMore}</h3>`}
    ${
      unlinked.length > 0 &&
      providerButtons({ providers: unlinked, token, label: text.link, values: { purpose: "link" } })
    }
  </section>`;
}

function sessionRow({ texts, token }: PersonVisit, session: Session, now: number) {
  const { accountPage: text } = texts;
  const agent = agentInWords(session.agent) || text.unknownAgent;
  const end = session.current ? texts.signOut : text.end;
  return {
    title: html`<bdi>${agent}</bdi>`,
    mark: session.current ? badge(text.current, "good") : badge(text.kinds[session.kind]),
    facts: [
      html`${phrase(text.used, { when: ago(texts, session.last_used_at, now) })} · <span class="mono">${session.address}</span>`,
      phrase(text.signedIn, { when: moment(texts, session.created_at) }),
    ],
    action: form(
      `/account/sessions/${session.id}/end`,
      token,
      html`<button class="plain" aria-label="${end}: ${agent}">${end}</button>`,
    ),
  };
}
