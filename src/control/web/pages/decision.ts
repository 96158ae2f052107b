// What the decision forms of nodes and terminals have in common: the number, and Approve and Deny side by side with
// equal weight. Each rendering carries an idempotency key, so that a form sent twice is decided once.

import { JitnodeError } from "../../../protocol/errors.js";
import { asIdempotencyKey, type Repeat } from "../../services/idempotency.js";
import { codeRefusals } from "../../services/new-accounts.js";
import { field, hidden, type FormProblem, type Values } from "../form.js";
import { html, type Html } from "../html.js";
import { signs } from "../mark.js";
import type { Texts } from "../texts/texts.js";

export const numberField = ({ asks }: Texts, values: Values, problem: FormProblem | undefined): Html =>
  field(
    {
      name: "number",
      label: asks.number,
      hint: asks.numberHint,
      value: values["number"],
      look: "big digits",
      digits: true,
    },
    problem,
  );

/** What of a decision is shown again. A wrong number is read off anew, not mended. */
export const decisionShown = (error: unknown): readonly string[] =>
  error instanceof JitnodeError && [error, ...error.also].some(({ code }) => code === "number_wrong") ? [] : ["number"];

export const decisionButtons = ({ asks }: Texts, idempotencyKey: string): Html =>
  html`${hidden({ key: idempotencyKey })}
    <div class="pair">
      <button name="decision" value="approve">${signs.yes}${asks.approve}</button>
      <button name="decision" value="deny">${signs.no}${asks.deny}</button>
    </div>`;

export type Decision = "approve" | "deny";

/** Throws `invalid_request` for what no rendered form sends. */
export function readDecision(fields: Values): { readonly decision: Decision; readonly key: string } {
  const key = asIdempotencyKey(fields["key"]);
  const decision = fields["decision"];
  if (key === undefined || (decision !== "approve" && decision !== "deny")) throw new JitnodeError("invalid_request");
  return { decision, key };
}

export const repeatOf = (key: string, path: string, body: unknown): Repeat => ({ key, method: "POST", path, body });

/** A code that is missing; and one that can be nobody's, where something else is `refused`: else it is an attempt. */
export const codeSlips = (typed: string, missing: string, refused: boolean): readonly JitnodeError[] => {
  if (typed.trim() === "") return [new JitnodeError("binding_code_invalid", { message: missing })];
  return refused ? codeRefusals(typed) : [];
};

export const numberOf = (fields: Values): string => (fields["number"] ?? "").trim();

/** A slip of the finger is no wrong number: it is not counted. */
export const numberRefusals = ({ decision: text }: Texts, number: string): readonly JitnodeError[] =>
  /^[0-9]{2}$/.test(number)
    ? []
    : [new JitnodeError("number_wrong", { message: text.numberForm, hint: text.numberFormHint })];
