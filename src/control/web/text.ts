// Plain text with a little markup in it: `commands` in sentences, and the Markdown that an agreement is written in.
// Only headings, paragraphs, lists and **bold**; links and images stay text, so that an agreement loads nothing.

import { html, type Html, type HtmlValue } from "./html.js";

/** A sentence of the error registry or of the texts: what stands in backticks is a command. */
export function sentence(text: string): Html {
  return html`${text.split("`").map((part, index) => (index % 2 === 0 ? part : html`<code class="mono">${part}</code>`))}`;
}

/**
 * A sentence with markup in its places: `{name} joined`. Languages put the places where they belong; a space beside one is
 * left out where it would stand between two Chinese characters.
 */
export function phrase(text: string, places: Readonly<Record<string, HtmlValue>>): Html {
  const spaced = (edge: RegExp) => (space: string, place: string) => {
    const shown = html`${places[place]}`.toString().replaceAll(/<[^>]*>/g, "");
    return edge.test(shown) ? "" : space;
  };
  const parts = text
    .replaceAll(/(?<=\p{Script=Han}) (?=\{([a-z]+)\})/gu, spaced(/^\p{Script=Han}/u))
    .replaceAll(/(?<=\{([a-z]+)\}) (?=\p{Script=Han})/gu, spaced(/\p{Script=Han}$/u))
    .split(/\{([a-z]+)\}/);
  return html`${parts.map((part, index) => (index % 2 === 0 ? part : places[part]))}`;
}

function inline(text: string): Html {
  return html`${text.split("**").map((part, index) => (index % 2 === 0 ? part : html`<strong>${part}</strong>`))}`;
}

const heading = /^(#{1,4})\s+(.*)$/;
const numbered = /^\d{1,3}[.)]\s+(.*)$/;
const bullet = /^[-*]\s+(.*)$/;

/** One block: the lines between two blank ones. */
function block(lines: readonly string[]): Html {
  const [first = ""] = lines;
  const title = heading.exec(first);
  if (title !== null) {
    const rest = lines.slice(1);
    return html`<h2>${inline(title[2] ?? "")}</h2>
      ${rest.length === 0 ? undefined : block(rest)}`;
  }
  const item = numbered.test(first) ? numbered : bullet.test(first) ? bullet : undefined;
  if (item === undefined) return html`<p>${inline(lines.join(" "))}</p>`;
  const items: string[] = [];
  for (const line of lines) {
    const start = item.exec(line);
    if (start !== null) items.push(start[1] ?? "");
    else items.push(`${items.pop() ?? ""} ${line}`);
  }
  const list = items.map((text) => html`<li>${inline(text)}</li>`);
  return item === numbered ? html`<ol>${list}</ol>` : html`<ul>${list}</ul>`;
}

/** `title`: the text's own first heading, which the page shows as its h1. */
export function document(markdown: string): { readonly title: string | undefined; readonly body: Html } {
  const blocks: string[][] = [[]];
  for (const line of markdown.split(/\r?\n/)) {
    if (line.trim() === "") blocks.push([]);
    else blocks.at(-1)?.push(line.trim());
  }
  const filled = blocks.filter((lines) => lines.length > 0);
  const title = /^#\s+(.*)$/.exec(filled[0]?.[0] ?? "")?.[1];
  const rest = title === undefined ? filled : [filled[0]?.slice(1) ?? [], ...filled.slice(1)];
  return { title, body: html`${rest.filter((lines) => lines.length > 0).map(block)}` };
}
