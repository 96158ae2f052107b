// Moments on pages: a date in words, in UTC (where a page has the script, that turns it into the reader's own time), and
// how long ago something was.

import { html, type Html } from "./html.js";
import type { Texts } from "./texts/texts.js";

const minute = 60_000;
const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 24 * 60 * minute],
  ["hour", 60 * minute],
  ["minute", minute],
];

export function inWords({ locale }: Texts, iso: string): string {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  return `${date.format(new Date(iso))}\u00a0UTC`;
}

export const moment = (texts: Texts, iso: string): Html =>
  html`<time datetime="${iso}" data-local>${inWords(texts, iso)}</time>`;

/** As exact as anybody wants to know; the exact time on pointing at it. */
export function ago(texts: Texts, iso: string, now: number): Html {
  return html`<time datetime="${iso}" title="${inWords(texts, iso)}">${agoText(texts, now - Date.parse(iso))}</time>`;
}

function agoText(texts: Texts, passed: number): string {
  const format = new Intl.RelativeTimeFormat(texts.locale, { numeric: "auto" });
  for (const [unit, length] of steps)
    if (passed >= length) {
      // Between figures and Chinese characters is a space, as everywhere on the pages.
      return format.format(-Math.floor(passed / length), unit).replace(/(\d)(?=\p{Script=Han})/u, "$1 ");
    }
  return texts.asks.justNow;
}
