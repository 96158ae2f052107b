// Binding codes: showing, refreshing and recognizing them.
// Invariants: an organization has one current code from its first moment on; a refreshed one is dead when the refresh
// has returned, on every replica, since nothing but the database is asked; wrong, refreshed and foreign look alike.

import { asBindingCode, createBindingCode, formatCode, type BindingCode } from "../../domain/codes.js";
import { asOrganizationId, type AccountId, type OrganizationId } from "../../domain/ids.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import { bindingCodeAnswer, type BindingCodeAnswer } from "../../protocol/people.js";
import type { ControlContext, Executor, PersonActor, Tx } from "../context.js";
import {
  findCurrentCode,
  findOrganizationByCode,
  insertBindingCode,
  revokeCurrentCode,
} from "../store/binding-codes.js";
import { lockOrganization } from "../store/organizations.js";
import { auditActorOf, holdOrganization, requireAccess, subjectOf, type HeldOrganization } from "./access.js";
import { runOnce, type Repeat } from "./idempotency.js";
import { sealContext } from "./seal-contexts.js";

type Deps = Pick<ControlContext, "clock" | "random" | "secrets">;

/** Makes the organization's current code; one before it must have been revoked in the same transaction. */
export async function issueCode(deps: Deps, tx: Tx, orgId: OrganizationId, by: AccountId): Promise<BindingCode> {
  for (;;) {
    const code = createBindingCode((limit) => deps.random.below(limit));
    const made = await insertBindingCode(tx, {
      id: deps.random.uuid(),
      org_id: orgId,
      lookup: deps.secrets.lookup("binding_code", code),
      encrypted: deps.secrets.seal(code, sealContext.bindingCode(orgId)),
      created_at: deps.clock.now(),
      created_by: by,
      revoked_at: null,
    });
    // Only a code that was drawn before (4 × 10^15 of them) is refused.
    if (made) return code;
  }
}

/** Kills the current code and makes the next one; the caller holds the organization's row and writes why. */
export async function replaceCode(deps: Deps, tx: Tx, orgId: OrganizationId, by: AccountId): Promise<BindingCode> {
  await revokeCurrentCode(tx, orgId, deps.clock.now());
  return issueCode(deps, tx, orgId, by);
}

/**
 * The organization of a code as somebody typed it, its row held. Undefined for wrong, refreshed, foreign and malformed
 * ones alike. Whoever calls counts the attempt (limit `binding_code`).
 */
export async function holdOrganizationOfCode(
  deps: Pick<ControlContext, "secrets">,
  tx: Tx,
  typed: string,
): Promise<HeldOrganization | undefined> {
  const code = asBindingCode(typed);
  if (code === undefined) return undefined;
  const lookup = deps.secrets.lookup("binding_code", code);
  const found = asOrganizationId((await findOrganizationByCode(tx, lookup)) ?? "");
  if (found === undefined) return undefined;
  const row = await lockOrganization(tx, found);
  // Again under the lock: a refresh may have come first.
  const still = await findOrganizationByCode(tx, lookup);
  return row === undefined || still !== found ? undefined : { id: found, name: row.name };
}

export interface BindingCodes {
  show(actor: PersonActor, org: string): Promise<BindingCodeAnswer>;
  /** Any member may. Returns once the old code is dead everywhere. Refuses also: rate_limited; a repeat is not counted. */
  refresh(actor: PersonActor, org: string, repeat: Repeat): Promise<BindingCodeAnswer>;
}

export function createBindingCodes(context: ControlContext): BindingCodes {
  const read = async (executor: Executor, orgId: OrganizationId): Promise<BindingCodeAnswer> => {
    const row = await findCurrentCode(executor, orgId);
    if (row === undefined) throw new JitnodeError("internal_error", { log: { reason: "no current code", orgId } });
    const code = asBindingCode(context.secrets.unseal(row.encrypted, sealContext.bindingCode(orgId)));
    if (code === undefined) throw new JitnodeError("internal_error", { log: { reason: "code unreadable", orgId } });
    return {
      organization_id: orgId,
      binding_code: formatCode(code),
      refreshed_at: toDate(row.created_at),
      refreshed_by: row.created_by,
    };
  };

  return {
    async show(actor, org) {
      return read(context.store, await requireAccess(context.store, actor, org, "see"));
    },

    async refresh(actor, org, repeat) {
      const { answer } = await runOnce(context, actor.accountId, repeat, {
        answer: bindingCodeAnswer,
        admit: () => context.limits.check("code_refresh", subjectOf(actor)),
        work: async (tx) => {
          const { id } = await holdOrganization(tx, actor, org, "refresh_code");
          await replaceCode(context, tx, id, actor.accountId);
          await context.audit.write(tx, {
            action: "org.code_refreshed",
            actor: auditActorOf(actor),
            orgId: id,
            subject: id,
            address: actor.address,
          });
          await context.events.publish(tx, { type: "organization_changed", orgId: id });
          const answer = await read(tx, id);
          // Refuses those of many at once that were all admitted.
          await context.limits.use(tx, "code_refresh", subjectOf(actor));
          return { kind: "done", answer };
        },
        authorizeReplay: async (tx) => void (await requireAccess(tx, actor, org, "refresh_code")),
      });
      return answer;
    },
  };
}
