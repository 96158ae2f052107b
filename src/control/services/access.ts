// Who may do what in an organization, asked in the order that keeps secrets: somebody outside is told that there is no
// such organization before anything else is looked at (DESIGN section 3, invariants).

import type { AuditActor } from "../../domain/audit.js";
import { asOrganizationId, type OrganizationId } from "../../domain/ids.js";
import { refuseAccess, type OrganizationAction } from "../../domain/membership.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { Executor, LimitSubject, PersonActor, Tx } from "../context.js";
import { findRole } from "../store/memberships.js";
import { lockOrganization } from "../store/organizations.js";

export const subjectOf = (actor: PersonActor): LimitSubject => ({
  address: actor.address,
  accountId: actor.accountId,
});

export const auditActorOf = (actor: PersonActor): AuditActor => ({ kind: "account", id: actor.accountId });

/** The organization named in a path, once the person may do `action` with it. */
export async function requireAccess(
  executor: Executor,
  actor: PersonActor,
  org: string,
  action: OrganizationAction,
): Promise<OrganizationId> {
  const id = asOrganizationId(org);
  if (id === undefined) throw new JitnodeError("org_not_found");
  const refusal = refuseAccess(await findRole(executor, id, actor.accountId), action);
  if (refusal !== undefined) throw new JitnodeError(refusal);
  return id;
}

export interface HeldOrganization {
  readonly id: OrganizationId;
  readonly name: string;
}

/**
 * As `requireAccess`, holding the organization's row until the transaction ends: what is decided on its members stays
 * true. The role is read after the lock, so that of two who remove each other the second is no longer a member.
 */
export async function holdOrganization(
  tx: Tx,
  actor: PersonActor,
  org: string,
  action: OrganizationAction,
): Promise<HeldOrganization> {
  const id = asOrganizationId(org);
  const row = id === undefined ? undefined : await lockOrganization(tx, id);
  if (id === undefined || row === undefined) throw new JitnodeError("org_not_found");
  await requireAccess(tx, actor, id, action);
  return { id, name: row.name };
}
