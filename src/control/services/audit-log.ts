// Writes audit entries, in the transaction of the change they tell of.

import type { Clock } from "../../platform/clock.js";
import type { Random } from "../../platform/random.js";
import type { AuditLog } from "../context.js";

/** Thirteen digits of milliseconds last until the year 2286. */
const timeDigits = 13;

export function createAuditLog(deps: { readonly clock: Clock; readonly random: Random }): AuditLog {
  return {
    async write(tx, entry) {
      const at = deps.clock.now();
      await tx.db
        .insertInto("audit")
        .values({
          id: `${String(at).padStart(timeDigits, "0")}-${deps.random.token(9)}`,
          at,
          org_id: entry.orgId ?? null,
          action: entry.action,
          actor_kind: entry.actor.kind,
          actor_id: entry.actor.id,
          subject: entry.subject,
          detail: JSON.stringify(entry.detail ?? {}),
          address: entry.address,
        })
        .execute();
    },
  };
}
