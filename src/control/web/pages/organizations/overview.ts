// An organization's first page: what it is called, and its binding code, hidden until somebody asks to see it.

import type { FastifyInstance } from "fastify";
import type { BindingCodeAnswer } from "../../../../protocol/people.js";
import { html, type Html } from "../../html.js";
import { signs } from "../../mark.js";
import { qrCode } from "../../qr.js";
import type { Site } from "../../site.js";
import { phrase } from "../../text.js";
import type { Texts } from "../../texts/texts.js";
import { ago, moment } from "../../times.js";
import { fact, mono } from "../asks.js";
import { inside, insidePage, type Inside } from "./inside.js";

export function overviewPage(app: FastifyInstance, site: Site): void {
  app.get(
    "/orgs/:org",
    inside(site, async (at) => {
      const { visit, organization } = at;
      const code =
        at.query["code"] === "shown" ? await site.bindingCodes.show(visit.actor, organization.id) : undefined;
      const qr = code && (await qrCode(code.binding_code, at.texts.bindingCode.qr));
      return insidePage(at, {
        tab: "overview",
        main: html`<div class="columns">${facts(at)}${codeCard(at, code && { ...code, qr }, site.context.clock.now())}</div>`,
      });
    }),
  );
}

function facts({ texts, organization }: Inside): Html {
  const { organization: text, home } = texts;
  return html`<section class="card" id="facts" data-live aria-labelledby="facts-title">
    <h2 id="facts-title">${text.facts}</h2>
    <dl class="facts">
      ${fact(text.name, html`<bdi>${organization.name}</bdi>`)}
      ${fact(text.id, html`${mono(organization.id)} ${copyButton(texts, text.id, organization.id)}`)}
      ${fact(text.role, home.role[organization.role])} ${fact(text.joined, moment(texts, organization.joined_at))}
      ${fact(text.created, moment(texts, organization.created_at))}
    </dl>
  </section>`;
}

/** Shown by the script, where there is one. */
const copyButton = ({ copy, copied }: Texts, what: string, text: string): Html =>
  html`<button class="plain copy" type="button" aria-label="${copy}: ${what}" data-copy="${text}" data-copied="${copied}">${signs.copy}<span>${copy}</span></button>`;

type ShownCode = BindingCodeAnswer & { readonly qr: Html | undefined };

function codeCard({ texts, path }: Inside, code: ShownCode | undefined, now: number): Html {
  const { bindingCode: text } = texts;
  const shown =
    code === undefined
      ? html`<p class="binding-code hidden"><span aria-hidden="true">••••-••••-••••-•</span><span class="unseen">${text.hidden}</span></p>
          <p class="actions"><a class="button" href="${path}?code=shown">${text.show}</a></p>`
      : html`<p class="binding-code">${code.binding_code}</p>
          ${code.qr}
          <p class="actions">
            ${copyButton(texts, text.title, code.binding_code)}
            <a class="button plain" href="${path}">${text.hide}</a>
          </p>
          <p class="hint">${phrase(text.since, { when: ago(texts, code.refreshed_at, now) })}</p>`;
  return html`<section class="card" id="code" data-live aria-labelledby="code-title">
    <h2 id="code-title">${text.title}</h2>
    <p class="quiet">${text.lead}</p>
    ${shown}
    <div class="advice">
      <p class="label">${text.advice}</p>
      <p class="hint">${text.adviceMore}</p>
      <a class="button plain" href="${path}/code/refresh">${text.refresh}</a>
    </div>
  </section>`;
}
