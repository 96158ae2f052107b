// Writes audit entries, in the transaction of the change they tell of.

import type { Clock } from "../../platform/clock.js";
import type { Random } from "../../platform/random.js";
import type { AuditLog } from "../context.js";

/** Thirteen digits of milliseconds last until the year 2286. */
const timeDigits = 13;
const countDigits = 4;

export function createAuditLog(deps: { readonly clock: Clock; readonly random: Random }): AuditLog {
  // Entries of one millisecond, often of one transaction, stay in the order in which they were written.
  let last = 0;
  let written = 0;
  return {
    async write(tx, entry) {
      const at = deps.clock.now();
      written = at === last ? written + 1 : 0;
      last = at;
      await tx.db
        .insertInto("audit")
        .values({
          id: `${String(at).padStart(timeDigits, "0")}-${String(written).padStart(countDigits, "0")}-${deps.random.token(9)}`,
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
