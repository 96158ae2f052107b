// How an organization comes to be: what its creator sends is checked, then organization, administrator, first binding
// code and audit entry are written together. Used by creation itself and by an activation that creates.

import { checkNewOrganizationId, type OrganizationId } from "../../domain/ids.js";
import { asName, type Name } from "../../domain/names.js";
import { JitnodeError, together } from "../../protocol/errors.js";
import type { Agreement, CreateOrganizationRequest } from "../../protocol/people.js";
import type { ControlContext, Executor, PersonActor, Tx } from "../context.js";
import { findAccount } from "../store/accounts.js";
import { insertMembership } from "../store/memberships.js";
import { insertOrganization } from "../store/organizations.js";
import type { Accounts } from "../store/schema.js";
import { auditActorOf, type HeldOrganization } from "./access.js";
import { issueCode } from "./binding-codes.js";

/** Whoever came by a binding code alone is trusted with the organization of that code, not with new ones. */
export const mayCreate = (context: Pick<ControlContext, "config">, origin: Accounts["origin"]): boolean =>
  context.config.orgCreation === "all" || origin !== "code";

export async function readMayCreate(
  context: Pick<ControlContext, "config">,
  executor: Executor,
  actor: PersonActor,
): Promise<boolean> {
  const account = await findAccount(executor, actor.accountId);
  return account !== undefined && account.disabled_at === null && mayCreate(context, account.origin);
}

export type CreationCheck =
  | { readonly ok: true; readonly id: OrganizationId; readonly name: Name }
  | { readonly ok: false; readonly refusals: readonly JitnodeError[] };

/** org_name_invalid, org_id_reserved, org_id_invalid, agreement_required: all that is wrong without looking anything up. */
export function checkCreation(agreement: Agreement, input: CreateOrganizationRequest): CreationCheck {
  const name = asName(input.name);
  const id = checkNewOrganizationId(input.id);
  const agreed = input.agreement === agreement.version;
  if (name !== undefined && id.ok && agreed) return { ok: true, id: id.id, name };
  const codes = [
    ...(name === undefined ? (["org_name_invalid"] as const) : []),
    ...(id.ok ? [] : [id.reason]),
    ...(agreed ? [] : (["agreement_required"] as const)),
  ];
  return { ok: false, refusals: codes.map((code) => new JitnodeError(code)) };
}

/** Throws org_creation_not_allowed, org_id_reserved, org_id_invalid, org_name_invalid, agreement_required, org_id_taken. */
export async function foundOrganization(
  context: ControlContext,
  agreement: Agreement,
  tx: Tx,
  actor: PersonActor,
  input: CreateOrganizationRequest,
): Promise<HeldOrganization> {
  if (!(await readMayCreate(context, tx, actor))) throw new JitnodeError("org_creation_not_allowed");
  const checked = checkCreation(agreement, input);
  if (!checked.ok) throw together(checked.refusals);

  const { id, name } = checked;
  const now = context.clock.now();
  const made = await insertOrganization(tx, {
    id,
    name,
    created_at: now,
    created_by: actor.accountId,
    agreement_version: agreement.version,
    agreement_at: now,
    deleted_at: null,
  });
  if (!made) throw new JitnodeError("org_id_taken");
  await insertMembership(tx, {
    org_id: id,
    account_id: actor.accountId,
    role: "administrator",
    joined_at: now,
    joined_by: "created",
  });
  await issueCode(context, tx, id, actor.accountId);
  await context.audit.write(tx, {
    action: "org.created",
    actor: auditActorOf(actor),
    orgId: id,
    subject: id,
    detail: { agreement: agreement.version },
    address: actor.address,
  });
  return { id, name };
}
