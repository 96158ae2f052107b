// What making an account has in common, whichever way in it begins with: the row, the way in, the audit entry, and for
// somebody with a binding code the membership.

import { asBindingCode } from "../../domain/codes.js";
import { createAccountId, type AccountId } from "../../domain/ids.js";
import type { Name } from "../../domain/names.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, Tx } from "../context.js";
import { anyAccount, insertAccount, insertIdentity, lockFirstAccount } from "../store/accounts.js";
import type { Accounts, Identities } from "../store/schema.js";
import { holdOrganizationOfCode } from "./binding-codes.js";
import { joinOrganization } from "./joining.js";

export interface Newcomer {
  readonly name: Name;
  readonly origin: Accounts["origin"];
  readonly identity: Pick<Identities, "provider" | "issuer" | "subject" | "password_hash" | "display">;
  /** With the origin "code". */
  readonly bindingCode?: string;
  readonly address: string;
}

/** Undefined where somebody has that way in already; the caller refuses then, so that all is rolled back. */
export async function insertNewcomer(
  context: ControlContext,
  tx: Tx,
  { name, origin, identity, bindingCode, address }: Newcomer,
): Promise<AccountId | undefined> {
  const now = context.clock.now();
  const id = createAccountId(context.random.below);
  await insertAccount(tx, { id, name, created_at: now, origin, disabled_at: null });
  const last_used_at = identity.password_hash === null ? now : null;
  if (!(await insertIdentity(tx, { ...identity, account_id: id, created_at: now, last_used_at }))) return undefined;
  await context.audit.write(tx, {
    action: "account.created",
    actor: { kind: "account", id },
    subject: id,
    detail: { origin, provider: identity.provider },
    address,
  });
  if (bindingCode !== undefined) {
    await joinOrganization(context, tx, { kind: "person", accountId: id, address }, bindingCode, undefined);
  }
  return id;
}

/** In the transaction that makes the first account; throws `set_up_done` for all but one. */
export async function holdSetUp(tx: Tx): Promise<void> {
  await lockFirstAccount(tx);
  if (await anyAccount(tx)) throw new JitnodeError("set_up_done");
}

/** What can be nobody's code is said beside what else is wrong of a form. That is no attempt: nothing is looked up. */
export const codeRefusals = (typed: string | undefined): readonly JitnodeError[] =>
  typed === undefined || asBindingCode(typed) !== undefined ? [] : [new JitnodeError("binding_code_invalid")];

/** Somebody without an account tries a code: limited by address, and before anything else is said to them. */
export async function tryBindingCode(context: ControlContext, typed: string, address: string): Promise<void> {
  const attempt = await context.limits.take("binding_code", { address });
  const organization = await context.store.transaction((tx) => holdOrganizationOfCode(context, tx, typed));
  if (organization === undefined) throw new JitnodeError("binding_code_invalid");
  await attempt.right();
}
