// Parts of pages that list: rows with their name, facts and what can be done; searching; going on to further pages.

import { attributes, html, type Html, type HtmlValue } from "./html.js";
import type { Texts } from "./texts/texts.js";

export interface Row {
  readonly title: Html | string;
  /** Beside the title: a role, a state. */
  readonly mark?: HtmlValue;
  /** Lines of facts. */
  readonly facts: readonly HtmlValue[];
  readonly action?: HtmlValue;
}

export const rows = (list: readonly Row[]): Html =>
  html`<ul class="rows">
    ${list.map(
      ({ title, mark, facts, action }) =>
        html`<li>
          <p class="row-title"><strong>${title}</strong>${mark}</p>
          <div class="row-facts">
            ${facts.map((fact) => fact !== undefined && fact !== false && html`<p class="hint">${fact}</p>`)}
          </div>
          ${action}
        </li>`,
    )}
  </ul>`;

/** `way`: what to do about it. */
export const empty = (title: string, more: string, way?: { readonly href: string; readonly text: string }): Html =>
  html`<div class="empty">
    <p class="label">${title}</p>
    <p class="hint">${more}</p>
    ${way && html`<a class="button" href="${way.href}">${way.text}</a>`}
  </div>`;

/** What comes and goes while somebody looks at a live page (web/script). As long as it stays, what is typed in it does. */
export const coming = (id: string, part: HtmlValue): Html => html`<div id="${id}" data-live>${part}</div>`;

export const badge = (text: string, look?: "good" | "warn" | "strong"): Html =>
  html` <span class="badge${look === undefined ? "" : ` ${look}`}">${text}</span>`;

/** Nothing was looked for, and there is nothing further: what is listed is all there is. */
export const isWhole = ({ text, page }: ListQuery, more: boolean): boolean => text === undefined && page === 1 && !more;

/** What is looked for, and which page of it. */
export interface ListQuery {
  readonly text: string | undefined;
  readonly page: number;
}

export const rowsOfPage = 25;
const mostPages = 400;

export function readListQuery(query: unknown): ListQuery {
  const { q, page } = (query ?? {}) as { readonly q?: unknown; readonly page?: unknown };
  const text = typeof q === "string" ? q.trim().slice(0, 80) : "";
  const number = typeof page === "string" && /^[1-9][0-9]{0,3}$/.test(page) ? Number(page) : 1;
  return { text: text === "" ? undefined : text, page: Math.min(number, mostPages) };
}

export const searchOf = ({ text, page }: ListQuery) => ({ text, skip: (page - 1) * rowsOfPage, limit: rowsOfPage });

export const searchForm = ({ lists }: Texts, action: string, label: string, { text }: ListQuery): Html =>
  html`<form class="search" method="get" action="${action}" role="search">
    <label class="unseen" for="q">${label}</label>
    <input id="q" name="q" type="search"${attributes({ value: text, placeholder: label })} autocomplete="off" maxlength="80">
    <button class="plain">${lists.search}</button>
    ${text !== undefined && html`<a href="${action}">${lists.all}</a>`}
  </form>`;

export function pager({ lists }: Texts, action: string, { text, page }: ListQuery, more: boolean): Html {
  const to = (number: number): string =>
    `${action}?${new URLSearchParams({ ...(text !== undefined && { q: text }), page: String(number) }).toString()}`;
  return coming(
    "pager",
    (page > 1 || more) &&
      html`<nav class="pager" aria-label="${lists.pages}">
        ${page > 1 ? html`<a rel="prev" href="${to(page - 1)}">${lists.previous}</a>` : html`<span></span>`}
        <span class="quiet">${lists.page(page)}</span>
        ${more ? html`<a rel="next" href="${to(page + 1)}">${lists.next}</a>` : html`<span></span>`}
      </nav>`,
  );
}
