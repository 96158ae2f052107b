// Turns the choice into what the approval says, asking at a terminal for what the flags left open.

import type { PeopleClient } from "../../../client/people.js";
import { JitnodeError, type ErrorCode } from "../../../protocol/errors.js";
import type { ApprovalRequest, Me, Organization } from "../../../protocol/people.js";
import { agree } from "../../agreement.js";
import { askBindingCode } from "../../binding-code.js";
import type { Context } from "../../context.js";
import { toChoice } from "../../control-plane.js";
import { joinExpected } from "../../join-organization.js";
import { askOrganizationId, askOrganizationName } from "../../organization-prompts.js";
import { line } from "../../output/line.js";
import type { Choice as PromptChoice } from "../../prompts/prompts.js";
import type { Choice } from "./choice.js";

export type OrganizationChoice = ApprovalRequest["organization"];

export interface Choosing {
  readonly context: Context;
  readonly people: PeopleClient;
  readonly me: Me;
  readonly choice: Choice;
  /** Read before anybody signed in. */
  readonly bindingCode: string | undefined;
  /** JITNODE_ORG. */
  readonly constraint: string | undefined;
}

/** Refusals after which a person at a terminal may answer differently; the request is still pending. */
const correctable: ReadonlySet<ErrorCode> = new Set([
  "org_id_taken",
  "org_id_invalid",
  "org_id_reserved",
  "org_name_invalid",
  "org_mismatch",
  "org_not_found",
  "org_creation_not_allowed",
  "binding_code_invalid",
  "agreement_required",
]);

export const mayAskAgain = ({ context, choice }: Choosing, error: unknown): error is JitnodeError =>
  choice.kind === "ask" && context.prompts.possible && error instanceof JitnodeError && correctable.has(error.code);

export async function chooseOrganization(choosing: Choosing): Promise<OrganizationChoice> {
  const { context, people, choice, bindingCode } = choosing;
  switch (choice.kind) {
    case "use":
      return { use: { id: choice.id } };
    case "create": {
      const name = choice.name ?? (await askOrganizationName(context));
      return { create: { id: choice.id, name, agreement: await agree(context, people, choice.accepted) } };
    }
    case "join":
      return joinBy(choosing, bindingCode ?? (await askBindingCode(context, line`Binding code`)));
    case "ask":
      return ask(choosing);
  }
}

/**
 * With JITNODE_ORG set here, the code must be that organization's: only joining can check that before anything is
 * bound, and a mismatch joins nothing.
 */
async function joinBy({ people, constraint }: Choosing, code: string): Promise<OrganizationChoice> {
  if (constraint === undefined) return { join: { binding_code: code } };
  const joined = await joinExpected(people, code, { org: constraint, constraint: "JITNODE_ORG" });
  return { use: { id: joined.id } };
}

type Way = { readonly kind: "use"; readonly id: string } | { readonly kind: "create" | "join" };

async function ask(choosing: Choosing): Promise<OrganizationChoice> {
  const { context, people, me, constraint } = choosing;
  const mine = (await people.organizations()).filter(({ id }) => constraint === undefined || id === constraint);
  const way = await context.prompts.choose<Way>(line`Which organization shall this node belong to?`, waysOf(mine, me));
  switch (way.kind) {
    case "use":
      return { use: { id: way.id } };
    case "join":
      return joinBy(choosing, await askBindingCode(context, line`Binding code`));
    case "create": {
      const name = await askOrganizationName(context);
      const id = await askOrganizationId(context, name, constraint);
      return { create: { id, name, agreement: await agree(context, people, false) } };
    }
  }
}

function waysOf(mine: readonly Organization[], me: Me): readonly [PromptChoice<Way>, ...PromptChoice<Way>[]] {
  const join = { label: line`Enter a binding code`, value: { kind: "join" } } as const;
  const create = { label: line`Create a new organization`, value: { kind: "create" } } as const;
  const use = mine.map((organization): PromptChoice<Way> => {
    const { label, value } = toChoice(organization);
    return { label, value: { kind: "use", id: value } };
  });
  const [first, ...others] = me.may_create_organizations ? [...use, create, join] : [...use, join];
  return [first ?? join, ...others];
}
