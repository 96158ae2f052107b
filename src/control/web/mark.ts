// The sign of the product: a node (the dot) bound to its organization (the ring).

import { Html } from "./html.js";

const shapes = `<path d="M6 16.9a10 10 0 1 1 9.1 9.1" stroke-width="3.5" stroke-linecap="round"/><circle class="dot" cx="8.4" cy="23.6" r="4.4" stroke="none"/>`;

/** Takes the colour of the text around it. */
export const mark = new Html(
  `<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false" fill="none" stroke="currentColor">${shapes}</svg>`,
);

/** For the browser's tab: a file of its own, in colours that stand out on light and dark. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#12798a">${shapes.replace('class="dot"', 'fill="#12798a"')}</svg>`;

const drawn = (name: string, path: string): Html =>
  new Html(
    `<svg class="sign ${name}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round">${path}</svg>`,
  );

export const signs = {
  yes: drawn("yes", '<path d="m5 12.5 4.5 4.5L19 7.5"/>'),
  no: drawn("no", '<path d="m6.5 6.5 11 11m0-11-11 11"/>'),
  copy: drawn(
    "copy",
    '<rect x="8.5" y="8.5" width="12" height="12" rx="2.5"/><path d="M15.5 8.5V6A2.5 2.5 0 0 0 13 3.5H6A2.5 2.5 0 0 0 3.5 6v7A2.5 2.5 0 0 0 6 15.5h2.5"/>',
  ),
  attention: drawn("attention", '<path d="M12 4 2.8 19.5h18.4zM12 10v4.2"/><path d="M12 17v.01"/>'),
} as const;
