// The fields of a new organization, for the page of its own and for the activation of a node.

import type { ErrorCode } from "../../../../protocol/errors.js";
import type { CreateOrganizationRequest } from "../../../../protocol/people.js";
import { field, problemAt, wrong, type FormProblem, type Values } from "../../form.js";
import { attributes, html, type Html } from "../../html.js";
import type { Texts } from "../../texts/texts.js";

/** Where each refusal of a creation is shown. */
export const creationProblems = {
  org_id_taken: "org_id",
  org_id_invalid: "org_id",
  org_id_reserved: "org_id",
  org_name_invalid: "org_name",
  agreement_required: "consent",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** What of them is shown again. */
export const creationShown = ["org_id", "org_name", "consent"] as const;

/** Where consent is missing it names no agreement: that is refused beside whatever else is wrong. */
export const creationOf = (fields: Values): CreateOrganizationRequest => ({
  id: (fields["org_id"] ?? "").trim(),
  name: fields["org_name"] ?? "",
  agreement: fields["consent"] === "yes" ? (fields["agreement"] ?? "") : "",
});

export function creationFields({ node: text }: Texts, values: Values, problem: FormProblem | undefined): Html {
  const bad = problemAt(problem, "consent");
  const consent = attributes({
    id: "consent",
    checked: values["consent"] === "yes",
    autofocus: bad !== undefined && bad === problem,
    "aria-describedby": bad && "consent-wrong",
    "aria-invalid": bad && "true",
  });
  const name = { name: "org_name", label: text.createName, value: values["org_name"] };
  const id = { name: "org_id", label: text.createId, hint: text.createIdHint, value: values["org_id"], look: "exact" };
  const agreement = html`<a href="/agreement" target="_blank" rel="noopener">${text.consentLink}</a>`;
  return html`${field(name, problem)} ${field(id, problem)}
    <div>
      <label class="consent" for="consent">
        <input type="checkbox" name="consent" value="yes"${consent}>
        <span>${text.consentBefore}${agreement}${text.consentAfter}</span>
      </label>
      ${bad && wrong("consent", bad)}
    </div>`;
}
