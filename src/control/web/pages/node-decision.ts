// A node's request: what asks, the number, and which organization gets the node. The rules are those of
// services/activations; here is only the form.

import { JitnodeError, together, type ErrorCode } from "../../../protocol/errors.js";
import type { Activation, Agreement, ApprovalRequest, Organization } from "../../../protocol/people.js";
import { checkCreation } from "../../services/founding.js";
import { field, form, hidden, problemAt, problemNotice, wrong, type FormProblem, type Values } from "../form.js";
import { attributes, html, type Html } from "../html.js";
import type { Page } from "../layout.js";
import type { Texts } from "../texts/texts.js";
import { askingCards, fact, knownFacts, mono } from "./asks.js";
import { creationFields, creationOf, creationProblems } from "./organizations/creation.js";
import { codeSlips, decisionButtons, numberField, numberOf, numberRefusals } from "./decision.js";

export interface NodeDecision {
  readonly texts: Texts;
  readonly activation: Activation;
  readonly organizations: readonly Organization[];
  readonly mayCreate: boolean;
  readonly agreement: string;
  readonly now: number;
  readonly token: string;
  readonly action: string;
  readonly key: string;
  readonly values: Values;
  readonly problem: FormProblem | undefined;
}

/** Where each refusal of an approval is shown; all others stand above the form. */
export const nodeProblems: Readonly<Partial<Record<ErrorCode, string>>> = {
  number_wrong: "number",
  org_choice_needed: "organization",
  org_mismatch: "organization",
  org_not_found: "organization",
  org_creation_not_allowed: "organization",
  ...creationProblems,
  binding_code_invalid: "binding_code",
};

export function nodeDecisionPage(decision: NodeDecision): Page {
  const { texts, activation, problem, values } = decision;
  const { asks, node: text } = texts;
  const { node } = activation;
  const facts = {
    userCode: activation.user_code,
    address: activation.address,
    addressDiffers: activation.address_differs,
    requestedAt: activation.requested_at,
    expiresAt: activation.expires_at,
  };
  return {
    title: text.kind,
    refused: problem?.error,
    main: html`${askingCards(texts, {
      kind: text.kind,
      title: node.name,
      claims: html`${fact(asks.name, html`<bdi>${node.name}</bdi>`)}${fact(asks.version, node.version)}${fact(asks.system, node.os)}`,
      known: html`${knownFacts(texts, facts, decision.now)}${fact(asks.nodeId, mono(node.id))}${fact(asks.key, mono(node.key_thumbprint))}`,
      can: text.can,
      warning: [text.warning, text.warningMore],
    })}
      ${problemNotice(problem)}
      <div class="card">
        ${form(decision.action, decision.token, [
          hidden({ key_thumbprint: node.key_thumbprint, agreement: decision.agreement }),
          numberField(texts, values, problem),
          organizationChoices(decision, values),
          decisionButtons(texts, decision.key),
        ])}
      </div>`,
  };
}

/** Nothing is preselected where there is a real choice. */
function preselected(decision: NodeDecision): string | undefined {
  const given = decision.values["organization"];
  if (given !== undefined) return given;
  const [only, ...others] = decision.organizations;
  if (only !== undefined) return others.length === 0 ? `use:${only.id}` : undefined;
  return decision.mayCreate ? undefined : "join";
}

function organizationChoices(decision: NodeDecision, values: Values): Html {
  const { texts, problem, mayCreate, organizations, activation } = decision;
  const { node: text } = texts;
  const chosen = preselected(decision);
  const bad = problemAt(problem, "organization");
  const first = bad !== undefined && bad === problem;
  const option = (value: string, label: Html | string, more?: Html): Html => {
    const input = attributes({
      checked: chosen === value,
      autofocus: first && chosen === value,
      "aria-describedby": bad && "organization-wrong",
    });
    return html`<div class="choice">
      <label><input type="radio" name="organization" value="${value}"${input}><span>${label}</span></label>
      ${more && html`<div class="more stack">${more}</div>`}
    </div>`;
  };
  const own = ({ id, name }: Organization): Html =>
    option(`use:${id}`, html`<bdi>${name}</bdi> <span class="hint mono">${id}</span>`);
  const code = { name: "binding_code", label: text.joinCode, hint: text.joinCodeHint, look: "typed" } as const;

  return html`<fieldset>
    <legend>${text.organization}</legend>
    ${activation.expected_org_is_yours === true && html`<span class="hint">${text.expectedYours}</span>`}
    ${bad && html`<div tabindex="-1"${attributes({ autofocus: first && chosen === undefined })}>${wrong("organization", bad)}</div>`}
    <div class="choices">
      ${organizations.map(own)}
      ${mayCreate && option("create", text.create, creationFields(texts, values, problem))}
      ${option("join", text.join, field(code, problem))}
    </div>
  </fieldset>`;
}

/** What the service is asked for; throws all that is missing or malformed, before any attempt is counted. */
export function readApproval(texts: Texts, fields: Values, agreement: Agreement): ApprovalRequest {
  const number = numberOf(fields);
  const organization = asChoice(fields);
  const slips = numberRefusals(texts, number);
  const refusals = [...slips, ...choiceRefusals(texts, organization, agreement, slips.length > 0)];
  if (organization === undefined || refusals.length > 0) throw together(refusals);
  return { number, key_thumbprint: fields["key_thumbprint"] ?? "", organization };
}

function asChoice(fields: Values): ApprovalRequest["organization"] | undefined {
  const choice = fields["organization"] ?? "";
  if (choice === "create") return { create: creationOf(fields) };
  if (choice === "join") return { join: { binding_code: (fields["binding_code"] ?? "").slice(0, longestCode) } };
  return choice.startsWith("use:") ? { use: { id: choice.slice("use:".length) } } : undefined;
}

/** `refused`: something else is wrong already. */
function choiceRefusals(
  { node: text }: Texts,
  choice: ApprovalRequest["organization"] | undefined,
  agreement: Agreement,
  refused: boolean,
): readonly JitnodeError[] {
  if (choice === undefined) {
    return [new JitnodeError("org_choice_needed", { message: text.choiceMissing, hint: text.choiceMissingHint })];
  }
  if ("join" in choice) return codeSlips(choice.join.binding_code, text.joinCodeMissing, refused);
  if ("use" in choice) return [];
  const check = checkCreation(agreement, choice.create);
  return check.ok ? [] : check.refusals;
}

const longestCode = 64;
