// What asks: the facts a person needs before deciding, and which of them are mere claims.

import { html, type Html } from "../html.js";
import { notice } from "../form.js";
import type { Texts } from "../texts/texts.js";

export interface Facts {
  readonly userCode: string;
  readonly address: string;
  readonly addressDiffers: boolean;
  /** RFC 3339. */
  readonly requestedAt: string;
  readonly expiresAt: string;
}

const minute = 60_000;

/** A pair of a list of facts. */
export const fact = (name: string, value: Html | string): Html =>
  html`<dt>${name}</dt>
    <dd>${value}</dd>`;

export const mono = (text: string): Html => html`<span class="mono">${text}</span>`;

/** Code, address and age: what the control plane itself saw. */
export function knownFacts({ asks }: Texts, facts: Facts, now: number): Html {
  const minutesAgo = Math.floor((now - Date.parse(facts.requestedAt)) / minute);
  const minutesLeft = Math.floor((Date.parse(facts.expiresAt) - now) / minute);
  const age = minutesAgo < 1 ? asks.justNow : asks.ago(minutesAgo);
  const where = facts.addressDiffers
    ? html`<strong class="flag">${asks.otherAddress}</strong>`
    : html`<span class="quiet">${asks.sameAddress}</span>`;
  return html`${fact(asks.code, html`<span class="code">${facts.userCode}</span>`)}${fact(
    asks.address,
    html`${mono(facts.address)}${asks.comma}${where}`,
  )}${fact(asks.asked, html`${age}${asks.comma}<span class="quiet">${asks.left(minutesLeft)}</span>`)}`;
}

export interface Asking {
  readonly kind: string;
  readonly title: string;
  readonly claims: Html;
  readonly known: Html;
  readonly can: string;
  readonly warning: readonly [string, string];
}

export const askingCards = ({ asks }: Texts, asking: Asking): Html =>
  html`<p class="kind">${asking.kind}</p>
    <h1><bdi>${asking.title}</bdi></h1>
    <div class="card">
      <h2 class="small" id="claims">${asks.ofItself}</h2>
      <dl class="facts" aria-labelledby="claims">${asking.claims}</dl>
      <h2 class="small next" id="known">${asks.known}</h2>
      <dl class="facts" aria-labelledby="known">${asking.known}</dl>
    </div>
    <div class="card">
      <h2>${asks.can}</h2>
      <p>${asking.can}</p>
    </div>
    ${notice("warn", asking.warning[0], asking.warning[1])}`;
