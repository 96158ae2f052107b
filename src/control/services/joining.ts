// How somebody joins an organization by its binding code. Used by joining itself, by an activation that joins and by a
// sign-up with a code.

import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, PersonActor, Tx } from "../context.js";
import { insertMembership } from "../store/memberships.js";
import type { HeldOrganization } from "./access.js";
import { holdOrganizationOfCode } from "./binding-codes.js";

/** Who joins; a sign-up has no session yet. */
export type Joining = Pick<PersonActor, "kind" | "accountId" | "address">;

/**
 * Joining twice is fine and leaves one entry. Throws binding_code_invalid, also where the code is right and belongs to
 * another organization than `expected` (DESIGN section 3: every mismatch is the same answer and joins nothing). The
 * caller checks and counts the limit `binding_code` outside of the transaction.
 */
export async function joinOrganization(
  context: Pick<ControlContext, "clock" | "secrets" | "audit" | "events">,
  tx: Tx,
  actor: Joining,
  typedCode: string,
  expected: string | undefined,
): Promise<HeldOrganization> {
  const organization = await holdOrganizationOfCode(context, tx, typedCode);
  if (organization === undefined || (expected !== undefined && expected !== organization.id)) {
    throw new JitnodeError("binding_code_invalid");
  }
  const joined = await insertMembership(tx, {
    org_id: organization.id,
    account_id: actor.accountId,
    role: "member",
    joined_at: context.clock.now(),
    joined_by: "code",
  });
  if (joined) {
    await context.audit.write(tx, {
      action: "member.joined",
      actor: { kind: "account", id: actor.accountId },
      orgId: organization.id,
      subject: actor.accountId,
      address: actor.address,
    });
    await context.events.publish(tx, { type: "organization_changed", orgId: organization.id });
  }
  return organization;
}
