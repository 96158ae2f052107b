// What happened in an organization, for its members: the audit entries that are its own.

import type { AuditAction } from "../../domain/audit.js";
import { asOrganizationId } from "../../domain/ids.js";
import { toDate } from "../../platform/clock.js";
import type { ControlContext, PersonActor } from "../context.js";
import { findRemoval, listAudit, type AuditRow } from "../store/audit.js";
import { requireAccess } from "./access.js";
import { toPage, type Page } from "./paging.js";

export interface ActivityEntry {
  readonly id: string;
  /** Of the audit vocabulary; a newer replica may write what this one has no words for. */
  readonly action: string;
  /** RFC 3339. */
  readonly at: string;
  /** Names where there are any: an account's or a node's. Undefined: somebody at the control plane's command line. */
  readonly by: { readonly id: string; readonly name: string; readonly you: boolean } | undefined;
  readonly subject: { readonly id: string; readonly name: string | undefined; readonly you: boolean };
  readonly detail: Readonly<Record<string, unknown>>;
  readonly address: string;
}

export interface Activity {
  /** Newest first; `after` is the `next` of the page before. */
  list(
    actor: PersonActor,
    org: string,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<Page<ActivityEntry>>;
  /** How somebody who asks for an organization stopped being a member, if they were one: they knew it, so it may be said. */
  departure(actor: PersonActor, org: string): Promise<"left" | "removed" | undefined>;
}

/** An approval binds a node in the same step, and that entry names it. */
const toldByOthers: readonly AuditAction[] = ["activation.approved"];

export function createActivity({ store }: Pick<ControlContext, "store">): Activity {
  return {
    async list(actor, org, { after, limit }) {
      const id = await requireAccess(store, actor, org, "see");
      const rows = await listAudit(store, id, { before: after, limit: limit + 1, without: toldByOthers });
      return toPage(
        rows,
        limit,
        (row) => toEntry(row, actor),
        (row) => row.id,
      );
    },

    async departure(actor, org) {
      const id = asOrganizationId(org);
      const by = id && (await findRemoval(store, id, actor.accountId));
      if (by === undefined) return undefined;
      return by === actor.accountId ? "left" : "removed";
    },
  };
}

function toEntry(row: AuditRow, actor: PersonActor): ActivityEntry {
  const by = row.actor_account ?? row.actor_node;
  return {
    id: row.id,
    action: row.action,
    at: toDate(row.at),
    by: by === null ? undefined : { id: row.actor_id, name: by, you: row.actor_id === actor.accountId },
    subject: {
      id: row.subject,
      name: row.subject_account ?? row.subject_node ?? undefined,
      you: row.subject === actor.accountId,
    },
    detail: JSON.parse(row.detail) as Readonly<Record<string, unknown>>,
    address: row.address,
  };
}
