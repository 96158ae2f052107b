// The shell of every page: head, header with who is signed in, main, footer.

import type { JitnodeError } from "../../protocol/errors.js";
import { html, Html } from "./html.js";
import { mark } from "./mark.js";
import { style } from "./style.js";
import { inLanguage, otherLanguages } from "./language.js";
import type { Texts } from "./texts/texts.js";
import { hidden } from "./form.js";

export interface Page {
  readonly title: string;
  readonly main: Html;
  /** Gives the status; and the title then says that something is wrong: the first thing a screen reader reads. */
  readonly refused?: JitnodeError | undefined;
}

export interface Frame {
  readonly texts: Texts;
  /** Path and query that were asked for: where the same page is in another language. */
  readonly url: string;
  readonly host: string;
  /** Undefined when nobody is signed in. */
  readonly person: { readonly name: string; readonly token: string } | undefined;
}

const styleElement = new Html(`<style>${style}</style>`);

export function layout(page: Page, frame: Frame): string {
  const { texts } = frame;
  const title = page.refused !== undefined ? texts.titleOfError(page.title) : page.title;
  const { person } = frame;
  return html`<!doctype html>
    <html lang="${texts.language}">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>${title} · ${texts.product}</title>
        <link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
        ${styleElement}
      </head>
      <body>
        <a class="skip" href="#main">${texts.skip}</a>
        <header class="bar">
          <a class="brand" href="/">${mark}${texts.product}</a>${
            person &&
            html`<span class="who" title="${texts.signedInAs(person.name)}"><bdi>${person.name}</bdi></span>
              <form method="post" action="/sign-out">
                ${hidden({ csrf: person.token })}<button>${texts.signOut}</button>
              </form>`
          }
        </header>
        <main id="main">${page.main}</main>
        <footer>
          <span>${texts.controlPlaneOf(frame.host)}</span>
          <a href="/agreement">${texts.agreementLink}</a>
          ${otherLanguages(texts).map(
            ({ key, texts: other }) =>
              html`<a href="${inLanguage(frame.url, key)}" lang="${other.language}" hreflang="${other.language}">${other.languageName}</a>`,
          )}
        </footer>
      </body>
    </html>
`.toString();
}
