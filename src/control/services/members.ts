// Members of an organization: list and remove.
// Invariants: an administrator is always left, also when two remove each other at once (both hold the organization's
// row); the code that a removed person knew is dead when the removal is.

import { asAccountId, type AccountId, type OrganizationId } from "../../domain/ids.js";
import { refuseRemoval } from "../../domain/membership.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { Member, RemovalAnswer } from "../../protocol/people.js";
import type { ControlContext, PersonActor, Tx } from "../context.js";
import {
  countAdministrators,
  deleteMembership,
  findMember,
  findRole,
  listMembers,
  searchMembers,
  type MemberRow,
} from "../store/memberships.js";
import { endSessionsFromNodesOf } from "../store/own-sessions.js";
import { auditActorOf, holdOrganization, requireAccess } from "./access.js";
import { replaceCode } from "./binding-codes.js";
import { toFound, toPage, type Found, type Page, type PageInput, type SearchInput } from "./paging.js";

export interface Members {
  list(actor: PersonActor, org: string, page: PageInput): Promise<Page<Member>>;
  search(actor: PersonActor, org: string, search: SearchInput): Promise<Found<Member>>;
  /** Undefined for somebody who is no member. */
  show(actor: PersonActor, org: string, account: string): Promise<Member | undefined>;
  /** Whether the organization has one administrator, who therefore stays. */
  hasOneAdministrator(actor: PersonActor, org: string): Promise<boolean>;
  /** Undefined when there was nobody to remove. Refuses administrator_required, last_administrator. */
  remove(actor: PersonActor, org: string, account: string): Promise<RemovalAnswer | undefined>;
}

export function createMembers(context: ControlContext): Members {
  const { clock, audit, events, store } = context;

  const writeDown = async (tx: Tx, actor: PersonActor, orgId: OrganizationId, target: AccountId): Promise<void> => {
    const common = { actor: auditActorOf(actor), orgId, address: actor.address };
    await audit.write(tx, { ...common, action: "member.removed", subject: target });
    await audit.write(tx, {
      ...common,
      action: "org.code_refreshed",
      subject: orgId,
      detail: { because: "member.removed" },
    });
  };

  return {
    async list(actor, org, page) {
      const id = await requireAccess(store, actor, org, "see");
      const rows = await listMembers(store, id, { ...page, limit: page.limit + 1 });
      return toPage(
        rows,
        page.limit,
        (row) => toMember(row, actor),
        (row) => row.account_id,
      );
    },

    async search(actor, org, search) {
      const id = await requireAccess(store, actor, org, "see");
      const rows = await searchMembers(store, id, { ...search, limit: search.limit + 1 });
      return toFound(rows, search.limit, (row) => toMember(row, actor));
    },

    async show(actor, org, account) {
      const id = await requireAccess(store, actor, org, "see");
      const row = await findMember(store, id, account);
      return row && toMember(row, actor);
    },

    async hasOneAdministrator(actor, org) {
      const id = await requireAccess(store, actor, org, "see");
      return refuseRemoval("administrator", await countAdministrators(store, id)) !== undefined;
    },

    remove: (actor, org, account) =>
      store.transaction(async (tx) => {
        const { id } = await holdOrganization(tx, actor, org, "remove_member");
        const target = asAccountId(account);
        const role = target && (await findRole(tx, id, target));
        if (target === undefined || role === undefined) return undefined;
        const refusal = refuseRemoval(role, await countAdministrators(tx, id));
        if (refusal !== undefined) throw new JitnodeError(refusal);

        await deleteMembership(tx, id, target);
        await replaceCode(context, tx, id, actor.accountId);
        const ended = await endSessionsFromNodesOf(tx, target, id, clock.now());
        await writeDown(tx, actor, id, target);
        await events.publish(tx, { type: "organization_changed", orgId: id });
        if (ended.length > 0) await events.publish(tx, { type: "session_ended", accountId: target });
        return { removed: target, binding_code_refreshed: true };
      }),
  };
}

const toMember = (row: MemberRow, actor: PersonActor): Member => ({
  account_id: row.account_id,
  name: row.name,
  role: row.role,
  joined_at: toDate(row.joined_at),
  joined_by: row.joined_by,
  you: row.account_id === actor.accountId,
});
