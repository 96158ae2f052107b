// Parts of forms: fields with their label, hint and error tied together, notices, hidden values.

import { JitnodeError, type ErrorCode } from "../../protocol/errors.js";
import { attributes, html, type Html, type HtmlValue } from "./html.js";
import { signs } from "./mark.js";
import { sentence } from "./text.js";
import { texts } from "./texts/texts.js";

/** What a form was sent with, to be shown again. Secrets are left out by whoever renders. */
export type Values = Readonly<Record<string, string>>;

/** An error and the field it belongs to; without a field it stands above the form. */
export interface FormProblem {
  readonly error: JitnodeError;
  readonly field: string | undefined;
}

/** What to show of a refusal; anything that is no refusal is thrown on. `fields` says where each code belongs. */
export function problemOf(error: unknown, fields: Readonly<Partial<Record<ErrorCode, string>>>): FormProblem {
  if (!(error instanceof JitnodeError) || error.status >= 500) throw error;
  return { error, field: fields[error.code] };
}

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
  const bad = problem?.field === spec.name ? problem.error : undefined;
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
    autofocus: bad !== undefined || (spec.autofocus === true && problem === undefined),
    "aria-describedby": described === "" ? undefined : described,
    "aria-invalid": bad === undefined ? undefined : "true",
  });
  return html`<div class="field${bad ? " bad" : ""}"><label for="${spec.name}">${spec.label}</label>${
    spec.hint && html`<span class="hint" id="${spec.name}-hint">${spec.hint}</span>`
  }<input${input}>${bad && wrong(spec.name, bad)}</div>`;
}

/** The error under a field or a group of them. */
export const wrong = (name: string, error: JitnodeError): Html =>
  html`<span class="wrong" id="${name}-wrong"><strong>${sentence(error.message)}</strong> ${sentence(adviceOf(error))}</span>`;

/** What to do, and for how long to wait where there were too many attempts. */
export const adviceOf = (error: JitnodeError): string =>
  error.retryAfter === undefined ? error.hint : texts.error.wait(error.retryAfter);

/** Above a form: the error that belongs to no single field. */
export const problemNotice = (problem: FormProblem | undefined): Html | undefined =>
  problem === undefined || problem.field !== undefined
    ? undefined
    : notice("bad", problem.error.message, adviceOf(problem.error), true);

export const notice = (kind: "warn" | "bad", title: string, more?: string, alert = false): Html =>
  html`<div class="notice ${kind}"${attributes({ role: alert && "alert" })}>
    ${signs.attention}
    <p><strong>${sentence(title)}</strong>${more && sentence(more)}</p>
  </div>`;

export const hidden = (values: Values): Html =>
  html`${Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;

/** A form that is sent to a path of ours, with its CSRF token. */
export const form = (action: string, token: string, content: HtmlValue): Html =>
  html`<form class="stack" method="post" action="${action}" novalidate>${hidden({ csrf: token })}${content}</form>`;
