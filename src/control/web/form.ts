// Parts of forms: fields with their label, hint and error tied together, notices, hidden values.

import { errorRegistry, JitnodeError, type ErrorCode } from "../../protocol/errors.js";
import { attributes, html, type Html, type HtmlValue } from "./html.js";
import { signs } from "./mark.js";
import { sentence } from "./text.js";
import type { Texts } from "./texts/texts.js";

/** What a form was sent with, to be shown again. Secrets are left out by whoever renders. */
export type Values = Readonly<Record<string, string>>;

/** A refusal in the language of the page: what happened, and what to do. */
export interface Explained {
  readonly error: JitnodeError;
  readonly message: string;
  readonly advice: string;
}

/** A refusal and the field it belongs to; without a field it stands above the form. */
export interface FormProblem extends Explained {
  readonly field: string | undefined;
  /** What else is wrong, each at its own field or above the form. */
  readonly others: readonly FormProblem[];
}

/** What a service or a page says of this occurrence itself comes before what is said of its code. */
export function explain(texts: Texts, error: JitnodeError): Explained {
  const known = errorRegistry[error.code];
  const said = texts.errors[error.code];
  const own = (text: string): string => ownSentence(texts, text);
  const message = error.message === known.message ? (said?.message ?? known.message) : own(error.message);
  const hint = error.hint === known.hint ? (said?.hint ?? known.hint) : own(error.hint);
  return { error, message, advice: error.retryAfter === undefined ? hint : texts.error.wait(error.retryAfter) };
}

const quoted = /"[^"]*"/g;

/** Looked up without what is in quotation marks, which is of this occurrence and stands in every language as it is. */
function ownSentence({ sentences }: Texts, text: string): string {
  const key = text.replace(quoted, '"…"');
  const known = Object.hasOwn(sentences, key) ? sentences[key] : undefined;
  const quotes = [...text.matchAll(quoted)].map(([each]) => each);
  return known?.replace(quoted, () => quotes.shift() ?? "") ?? text;
}

/** Where each refusal belongs. */
export type Fields = Readonly<Partial<Record<ErrorCode, string>>>;

/** What to show of a refusal; anything that is no refusal is thrown on. `fields` says where each code belongs. */
export function problemOf(texts: Texts, error: unknown, fields: Fields): FormProblem {
  if (!(error instanceof JitnodeError) || (error.status >= 500 && error.status !== 502)) throw error;
  return {
    ...explain(texts, error),
    field: fields[error.code],
    others: error.also.map((each) => problemOf(texts, each, fields)),
  };
}

/** What is wrong of one field. */
export const problemAt = (problem: FormProblem | undefined, name: string): FormProblem | undefined =>
  problem && [problem, ...problem.others].find((each) => each.field === name);

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value?: string | undefined;
  readonly type?: "text" | "password";
  readonly autocomplete?: string;
  /** Classes of the input. */
  readonly look?: string;
  readonly digits?: true;
  readonly required?: true;
  readonly autofocus?: boolean;
}

const longestShown = 400;

export function field(spec: Field, problem?: FormProblem): Html {
  const bad = problemAt(problem, spec.name);
  const described = [spec.hint && `${spec.name}-hint`, bad && `${spec.name}-wrong`].filter(Boolean).join(" ");
  const input = attributes({
    id: spec.name,
    name: spec.name,
    type: spec.type ?? "text",
    class: spec.look,
    value: spec.value === undefined || spec.value === "" ? undefined : spec.value.slice(0, longestShown),
    autocomplete: spec.autocomplete ?? "off",
    inputmode: spec.digits === true ? "numeric" : undefined,
    autocapitalize: spec.type === "password" ? undefined : "none",
    spellcheck: "false",
    required: spec.required,
    // The first of those that are wrong.
    autofocus: problem === undefined ? spec.autofocus === true : bad === problem,
    "aria-describedby": described === "" ? undefined : described,
    "aria-invalid": bad === undefined ? undefined : "true",
  });
  return html`<div class="field${bad ? " bad" : ""}"><label for="${spec.name}">${spec.label}</label> ${
    spec.hint && html`<span class="hint" id="${spec.name}-hint">${spec.hint}</span>`
  } <input${input}> ${bad && wrong(spec.name, bad)}</div>`;
}

/** The error under a field or a group of them. */
export const wrong = (name: string, { message, advice }: Explained): Html =>
  html`<span class="wrong" id="${name}-wrong"><strong>${sentence(message)}</strong> ${sentence(advice)}</span>`;

/** Above a form: what belongs to no single field. */
export const problemNotice = (problem: FormProblem | undefined): readonly Html[] =>
  (problem === undefined ? [] : [problem, ...problem.others])
    .filter(({ field }) => field === undefined)
    .map(({ message, advice }) => notice("bad", message, advice, true));

export const notice = (kind: "good" | "warn" | "bad", title: string, more?: string, alert = false): Html =>
  html`<div class="notice ${kind}"${attributes({ role: alert ? "alert" : kind === "good" && "status" })}>
    ${kind === "good" ? signs.yes : signs.attention}
    <p><strong>${sentence(title)}</strong> ${more && sentence(more)}</p>
  </div>`;

export const hidden = (values: Values): Html =>
  html`${Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;

/** A form that is sent to a path of ours, with its CSRF token. */
export const form = (action: string, token: string, content: HtmlValue): Html =>
  html`<form class="stack" method="post" action="${action}" novalidate>${hidden({ csrf: token })}${content}</form>`;
