// HTML that cannot be injected into: a template escapes every value that is not itself made by the template.

/** Markup that is safe to send: made by the template, or from a constant of this folder. */
export class Html {
  readonly #markup: string;
  constructor(markup: string) {
    this.#markup = markup;
  }
  toString(): string {
    return this.#markup;
  }
}

/** Nothing is shown for undefined, null and false. */
export type HtmlValue = Html | string | number | undefined | null | false | readonly HtmlValue[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

// Control, format and line-separating characters of text from elsewhere: shown, never obeyed. Zero-width joiners stay,
// since names need them (domain/names).
const unseen = /(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Printable ASCII but the five above: most texts, seen to be so in a fraction of the time that the rest takes. */
const harmless = /^[ !#-%(-;=?-~]*$/;

export const escapeHtml = (text: string): string =>
  harmless.test(text)
    ? text
    : text
        .replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
        .replace(/[&<>"']/g, (character) => entities[character] ?? "");

function render(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(render).join("");
}

export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = parts[0] ?? "";
  values.forEach((value, index) => (markup += render(value) + (parts[index + 1] ?? "")));
  return new Html(markup);
}

/** Attributes with values; those that are undefined or false are left out, `true` stands alone. */
export function attributes(values: Readonly<Record<string, string | boolean | undefined>>): Html {
  const markup = Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escapeHtml(String(value))}"`));
  return new Html(markup.join(""));
}
