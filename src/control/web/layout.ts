// The shell of every page: head, header with who is signed in, main, footer.

import type { JitnodeError } from "../../protocol/errors.js";
import { attributes, html, Html } from "./html.js";
import { mark } from "./mark.js";
import { scriptPath } from "./script.js";
import { style } from "./style.js";
import { inLanguage, otherLanguages } from "./language.js";
import type { Texts } from "./texts/texts.js";
import { hidden, notice } from "./form.js";

export interface Page {
  readonly title: string;
  readonly main: Html;
  /** Path and query at which the same page is to be had, where it answers a form that was sent elsewhere. */
  readonly at?: string;
  /** Room for lists on a wide screen. */
  readonly wide?: boolean;
  /**
   * The script runs here (web/script): times are the reader's own. A live page hears at `events` that it has changed; parts
   * that may change are marked `data-live`, with an id.
   */
  readonly script?: { readonly events?: string };
  /** Gives the status; and the title then says that something is wrong: the first thing a screen reader reads. */
  readonly refused?: JitnodeError | undefined;
}

export interface Frame {
  /** What was just done. */
  readonly said?: string | undefined;
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
      <body${attributes({ class: page.wide === true && "wide" })}>
        <a class="skip" href="#main">${texts.skip}</a>
        <header class="bar">
          <a class="brand" href="/">${mark}${texts.product}</a>${
            person &&
            html` <a class="who" href="/account" title="${texts.signedInAs(person.name)}"><bdi>${person.name}</bdi></a>
              <form method="post" action="/sign-out">
                ${hidden({ csrf: person.token })}<button>${texts.signOut}</button>
              </form>`
          }
        </header>
        <main id="main"${
          page.script !== undefined &&
          attributes({ "data-events": page.script.events, "data-locale": texts.locale, "data-updated": texts.updated })
        }>${frame.said !== undefined && notice("good", frame.said)}${page.main}</main>
        <footer>
          <span>${texts.controlPlaneOf(frame.host)}</span>
          <div class="links"><a href="/agreement">${texts.agreementLink}</a>
          ${otherLanguages(texts).map(
            ({ key, texts: other }) =>
              html`<a href="${inLanguage(page.at ?? frame.url, key)}" lang="${other.language}" hreflang="${other.language}">${other.languageName}</a>`,
          )}</div>
        </footer>
        ${
          page.script !== undefined &&
          html`<p id="status" class="unseen" role="status"></p>
            <script src="${scriptPath}" defer></script>`
        }
      </body>
    </html>
`.toString();
}
