// Reads what a person's own decision on a device request led to: the binding, as far as they may still see it.

import type { AccountId } from "../../domain/ids.js";
import type { DeviceRequests } from "./schema.js";
import type { Executor } from "./store.js";

export interface DecisionRow extends Pick<DeviceRequests, "state"> {
  readonly node_id: string | null;
  readonly node_name: string | null;
  readonly org_id: string | null;
  readonly org_name: string | null;
}

/** Undefined unless this account decided it. Node and organization are null for those who are no longer members. */
export async function findOwnDecision(
  executor: Executor,
  userCodeLookup: string,
  accountId: AccountId,
): Promise<DecisionRow | undefined> {
  return await executor.db
    .selectFrom("device_requests")
    .leftJoin("bindings", "bindings.id", "device_requests.binding_id")
    .leftJoin("memberships", (join) =>
      join.onRef("memberships.org_id", "=", "bindings.org_id").on("memberships.account_id", "=", accountId),
    )
    .leftJoin("organizations", "organizations.id", "memberships.org_id")
    .leftJoin("nodes", (join) =>
      join.onRef("nodes.id", "=", "bindings.node_id").on("memberships.org_id", "is not", null),
    )
    .select("device_requests.state")
    .select(["nodes.id as node_id", "nodes.name as node_name"])
    .select(["organizations.id as org_id", "organizations.name as org_name"])
    .where("device_requests.user_code_lookup", "=", userCodeLookup)
    .where("device_requests.decided_by", "=", accountId)
    .executeTakeFirst();
}
