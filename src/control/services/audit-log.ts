// Writes audit entries, in the transaction of the change they tell of; once it is committed, the log has a line as well.

import type { Clock } from "../../platform/clock.js";
import type { Log } from "../../platform/log.js";
import type { Random } from "../../platform/random.js";
import type { AuditLog } from "../context.js";
import { insertAudit } from "../store/audit.js";

/** Thirteen digits of milliseconds last until the year 2286. */
const timeDigits = 13;
const countDigits = 4;

export interface AuditLogDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function createAuditLog(deps: AuditLogDeps): AuditLog {
  // Entries of one millisecond, often of one transaction, stay in the order in which they were written.
  let last = 0;
  let written = 0;
  return {
    async write(tx, entry) {
      const at = deps.clock.now();
      written = at === last ? written + 1 : 0;
      last = at;
      await insertAudit(tx, {
        id: `${String(at).padStart(timeDigits, "0")}-${String(written).padStart(countDigits, "0")}-${deps.random.token(9)}`,
        at,
        org_id: entry.orgId ?? null,
        action: entry.action,
        actor_kind: entry.actor.kind,
        actor_id: entry.actor.id,
        subject: entry.subject,
        detail: JSON.stringify(entry.detail ?? {}),
        address: entry.address,
      });
      const { action, actor, orgId, subject, address } = entry;
      // Operators see what their own commands did.
      if (actor.kind === "operator") return;
      const organization = orgId === undefined ? {} : { organization: orgId };
      tx.afterCommit(() => deps.log.info(action, { actor: actor.id, subject, ...organization, address }));
    },
  };
}
