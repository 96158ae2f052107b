// Owns the emulators' pages: plain HTML forms on which a person in a browser picks who they are, and agrees or cancels.
// The form is sent to the address of the page itself, as `person=ID` or `decision=cancel`.
import type { Answer } from "./server.js";

export type Choice = { readonly id: string; readonly label: string };

export type ChoicePage = {
  readonly provider: string;
  readonly heading: string;
  readonly people: readonly Choice[];
  readonly agree: (label: string) => string;
  readonly cancel: string;
  /** More CSS, and the id of the section with the forms. */
  readonly style?: string;
  readonly section?: string;
};

export const escape = (value: string): string =>
  value.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);

export const html = (status: number, title: string, body: string, style = ""): Answer => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><link rel="icon" href="data:,"><style>button{display:block;margin:1em 0;max-width:100%}${style}</style><h1>${escape(title)}</h1>
${body}</html>`,
});

export function choicePage(page: ChoicePage): Answer {
  const buttons = page.people.map(
    ({ id, label }) => `<button name="person" value="${escape(id)}">${escape(page.agree(label))}</button>`,
  );
  return html(
    200,
    `${page.provider}: ${page.heading}`,
    `<section id="${page.section ?? "choose"}"><form method="post">${buttons.join("\n")}
<button name="decision" value="cancel">${escape(page.cancel)}</button></form></section>`,
    page.style,
  );
}

/** An error that stays on the provider's own page: nothing is sent back. */
export const errorPage = (status: number, title: string, detail: string): Answer =>
  html(status, title, `<p>${escape(detail)}</p>`);
