// Which language a page is in: the one asked for in the address (`?lang=`, the link at the foot of each page), else the
// one remembered in a cookie, else the first of the browser's own that there is.

import type { FastifyRequest } from "fastify";
import { en } from "./texts/en.js";
import type { Texts } from "./texts/texts.js";
import { zh } from "./texts/zh.js";

const languages = { en, zh } satisfies Record<string, Texts>;
export type Language = keyof typeof languages;

const isLanguage = (text: string | undefined): text is Language => text !== undefined && Object.hasOwn(languages, text);

/** The cookie's name, without prefix: a preference, no secret, and pages outside of any session read it as well. */
export const languageCookie = "jitnode-language";
const remembered = new RegExp(`(?:^|;\\s*)${languageCookie}=([a-z]{2})(?:;|$)`);

/** What the address asks for, if anything. */
export function askedLanguage(request: FastifyRequest): Language | undefined {
  const { lang } = (request.query ?? {}) as { readonly lang?: unknown };
  return typeof lang === "string" && isLanguage(lang) ? lang : undefined;
}

export function textsOf(request: FastifyRequest): Texts {
  const asked = askedLanguage(request) ?? remembered.exec(request.headers.cookie ?? "")?.[1];
  return languages[isLanguage(asked) ? asked : preferred(request.headers["accept-language"] ?? "")];
}

/** RFC 9110 section 12.5.4: by weight, then by order; a variant counts as its language. */
function preferred(header: string): Language {
  const wanted = header
    .slice(0, 400)
    .split(",")
    .map((range) => {
      const [tag = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
      const weight = /^q=([0-9.]+)$/.exec(parameters[0] ?? "q=1")?.[1];
      return { language: tag.split("-")[0] ?? "", weight: Number(weight ?? 0) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  const found = wanted.find(({ language }) => isLanguage(language))?.language;
  return isLanguage(found) ? found : "en";
}

/** The same address in another language. */
export function inLanguage(url: string, language: Language): string {
  const [path = "/", query] = url.split("?", 2);
  const fields = new URLSearchParams(query);
  fields.set("lang", language);
  return `${path}?${fields.toString()}`;
}

/** The same address without asking for a language. */
export function withoutLanguage(url: string): string {
  const [path = "/", query] = url.split("?", 2);
  const fields = new URLSearchParams(query);
  fields.delete("lang");
  const rest = fields.toString();
  return rest === "" ? path : `${path}?${rest}`;
}

/** Every sentence, each at its place. */
function sentencesOf(said: object, place = ""): readonly (readonly [place: string, sentence: string])[] {
  return Object.entries(said as Readonly<Record<string, unknown>>).flatMap(([name, value]) => {
    const here = `${place}/${name}`;
    if (typeof value === "string") return [[here, value] as const];
    return typeof value === "object" && value !== null ? sentencesOf(value, here) : [];
  });
}

/** A sentence of the pages in the language of `texts`, whichever it was said in; any other text as it is. */
export function saidIn(texts: Texts, sentence: string): string {
  for (const { texts: other } of otherLanguages(texts)) {
    const place = sentencesOf(other).find(([, said]) => said === sentence)?.[0];
    const found = sentencesOf(texts).find(([each]) => each === place);
    if (found !== undefined) return found[1];
  }
  return sentence;
}

/** The languages that a page is not in, for its foot. */
export const otherLanguages = (texts: Texts): readonly { readonly key: Language; readonly texts: Texts }[] =>
  Object.entries(languages)
    .filter(([, other]) => other !== texts)
    .flatMap(([key, other]) => (isLanguage(key) ? [{ key, texts: other }] : []));
