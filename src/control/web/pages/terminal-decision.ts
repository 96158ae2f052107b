// A terminal's request to be signed in: what asks, what it will be able to do, the number, and the binding code where it
// speaks for a node whose organization the person has not shown to belong to. That organization's id is shown as the
// terminal gave it: whether there is such an organization, this page does not know.

import { together, type ErrorCode } from "../../../protocol/errors.js";
import type { TerminalRequest } from "../../services/terminal-sign-ins.js";
import { field, form, problemNotice, type FormProblem, type Values } from "../form.js";
import { html } from "../html.js";
import type { Page } from "../layout.js";
import type { Texts } from "../texts/texts.js";
import { askingCards, fact, knownFacts } from "./asks.js";
import { codeSlips, decisionButtons, numberField, numberOf, numberRefusals } from "./decision.js";

export interface TerminalDecision {
  readonly texts: Texts;
  readonly request: TerminalRequest;
  readonly now: number;
  readonly token: string;
  readonly action: string;
  readonly key: string;
  readonly values: Values;
  readonly problem: FormProblem | undefined;
}

export const terminalProblems: Readonly<Partial<Record<ErrorCode, string>>> = {
  number_wrong: "number",
  binding_code_invalid: "binding_code",
};

export function terminalDecisionPage(decision: TerminalDecision): Page {
  const { texts, request, now, token, action, key, values, problem } = decision;
  const { asks, terminal: text } = texts;
  const code = { name: "binding_code", label: text.code, hint: text.codeHint, look: "typed" } as const;
  return {
    title: text.kind,
    refused: problem?.error,
    main: html`${askingCards(texts, {
      kind: text.kind,
      title: text.title,
      claims: fact(asks.program, request.agent === "" ? asks.unnamed : html`<bdi>${request.agent}</bdi>`),
      known: knownFacts(texts, request, now),
      can: text.can[request.scope],
      warning: [text.warning, text.warningMore],
    })}
      ${problemNotice(problem)}
      <div class="card">
        ${form(action, token, [
          numberField(texts, values, problem),
          request.codeNeededFor !== undefined &&
            html`<div>
              <p class="label">${text.membership} <bdi class="code">${request.codeNeededFor}</bdi></p>
              <p class="hint">${text.membershipMore}</p>
            </div>`,
          request.codeNeededFor !== undefined && field(code, problem),
          decisionButtons(texts, key),
        ])}
      </div>`,
  };
}

export interface TerminalApproval {
  readonly number: string;
  readonly bindingCode: string | undefined;
}

/** Throws all that is missing or malformed, before any attempt is counted. */
export function readTerminalApproval(texts: Texts, fields: Values, request: TerminalRequest): TerminalApproval {
  const number = numberOf(fields);
  const bindingCode = fields["binding_code"];
  const slips = numberRefusals(texts, number);
  const codes =
    request.codeNeededFor === undefined
      ? []
      : codeSlips(bindingCode ?? "", texts.terminal.codeMissing, slips.length > 0);
  if (slips.length + codes.length > 0) throw together([...slips, ...codes]);
  return { number, bindingCode };
}
