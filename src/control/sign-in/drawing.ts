// How marks of providers are drawn: small, in the colour of the text, silent to screen readers. Other people's logos are
// not copied; where nothing of our own says it better, a letter does.

import { Html } from "../web/html.js";

/** Shapes on a field of 24 × 24. */
export const drawn = (shapes: string): Html =>
  new Html(
    `<svg class="provider-mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes}</svg>`,
  );

export const lettered = (letters: string): Html =>
  drawn(
    `<rect x="2" y="2" width="20" height="20" rx="6"/><text x="12" y="16" text-anchor="middle" font-size="${letters.length > 1 ? "9" : "12"}" font-weight="700" fill="currentColor" stroke="none">${letters}</text>`,
  );
