// Device requests (RFC 8628) of both clients. Reads and conditional changes; what they mean is decided by services.

import { sql, type Selectable } from "kysely";
import type { RequestState } from "../../domain/activation.js";
import { clients } from "../../protocol/versions.js";
import type { DeviceRequests } from "./schema.js";
import { hasWritten, statement } from "./statement.js";
import { locked, type Executor, type Tx } from "./store.js";

export type DeviceRequest = Selectable<DeviceRequests>;

const insertion = statement((db, row: DeviceRequest) =>
  db
    .insertInto("device_requests")
    .values(row)
    .onConflict((conflict) => conflict.doNothing()),
);

/** False when the device code, the user code or the node key's live request is there already. */
export async function insertDeviceRequest(tx: Tx, row: DeviceRequest): Promise<boolean> {
  return hasWritten(await insertion(tx, row));
}

const byUserCode = statement((db, the: { readonly lookup: string }) =>
  db.selectFrom("device_requests").selectAll().where("user_code_lookup", "=", the.lookup),
);
const holdByUserCode = statement((db, the: { readonly lookup: string }, executor) =>
  locked(executor, db.selectFrom("device_requests").selectAll().where("user_code_lookup", "=", the.lookup)),
);
const holdByDeviceCode = statement((db, the: { readonly hash: string }, executor) =>
  locked(executor, db.selectFrom("device_requests").selectAll().where("device_code_hash", "=", the.hash)),
);

/** By `secrets.lookup("user_code", …)`; of whichever client, in whichever state. */
export async function findByUserCode(executor: Executor, lookup: string): Promise<DeviceRequest | undefined> {
  return (await byUserCode(executor, { lookup })).rows[0];
}

/** As `findByUserCode`, and on PostgreSQL nobody else changes the row until the transaction ends. */
export async function lockByUserCode(tx: Tx, lookup: string): Promise<DeviceRequest | undefined> {
  return (await holdByUserCode(tx, { lookup })).rows[0];
}

export async function lockByDeviceCode(tx: Tx, hash: string): Promise<DeviceRequest | undefined> {
  return (await holdByDeviceCode(tx, { hash })).rows[0];
}

export interface Decision {
  readonly state: Exclude<RequestState, "pending">;
  readonly at: number;
  /** The account; null when the request's own side or a third wrong number ended it. */
  readonly by: string | null;
  readonly bindingId?: string;
}

type Decided = Pick<DeviceRequest, "state" | "decided_at" | "decided_by" | "binding_id">;

const deciding = statement((db, { id, ...decided }: Decided & { readonly id: string }) =>
  db.updateTable("device_requests").set(decided).where("id", "=", id).where("state", "=", "pending"),
);

/** Once: false when the request was no longer pending. The caller has looked at its expiry. */
export async function decide(tx: Tx, id: string, decision: Decision): Promise<boolean> {
  const { state, at, by, bindingId } = decision;
  const decided = { state, decided_at: at, decided_by: by, binding_id: bindingId ?? null };
  return hasWritten(await deciding(tx, { id, ...decided }));
}

export async function setWrongNumbers(tx: Tx, id: string, wrongNumbers: number): Promise<void> {
  await tx.db.updateTable("device_requests").set({ wrong_numbers: wrongNumbers }).where("id", "=", id).execute();
}

const revokingPending = statement((db, the: { readonly jkt: string; readonly at: number }) =>
  db
    .updateTable("device_requests")
    .set({ state: "revoked", decided_at: the.at })
    .where("dpop_jkt", "=", the.jkt)
    // As the index of live requests says them; as parameters SQLite would plan the statement anew each time.
    .where("client_id", "=", sql.lit(clients.node))
    .where("state", "=", sql.lit("pending")),
);

/** Makes room for a new request of the same node key; expired ones included. */
export async function revokePendingOfKey(tx: Tx, jkt: string, at: number): Promise<void> {
  await revokingPending(tx, { jkt, at });
}

export interface Poll {
  readonly at: number;
  readonly intervalMs: number;
  readonly jkt: string | null;
}

export async function recordPoll(tx: Tx, id: string, poll: Poll): Promise<void> {
  await tx.db
    .updateTable("device_requests")
    .set({ last_polled_at: poll.at, interval_ms: poll.intervalMs, dpop_jkt: poll.jkt })
    .where("id", "=", id)
    .execute();
}

type Redeemed = Pick<DeviceRequest, "id" | "redeemed_at" | "session_id" | "dpop_jkt">;

const redeeming = statement((db, { id, ...redeemed }: Redeemed) =>
  db
    .updateTable("device_requests")
    .set(redeemed)
    .where("id", "=", id)
    .where("state", "=", "approved")
    .where("redeemed_at", "is", null),
);

/** Once: false when it was redeemed already. */
export async function markRedeemed(
  tx: Tx,
  id: string,
  redemption: { readonly at: number; readonly sessionId: string | null; readonly jkt: string },
): Promise<boolean> {
  const { at, sessionId, jkt } = redemption;
  return hasWritten(await redeeming(tx, { id, redeemed_at: at, session_id: sessionId, dpop_jkt: jkt }));
}

/** What can no longer be redeemed because its own side gave it up; false when it was decided or redeemed before. */
export async function revokeDeviceRequest(
  tx: Tx,
  id: string,
  at: number,
  from: readonly RequestState[],
): Promise<boolean> {
  const result = await tx.db
    .updateTable("device_requests")
    .set({ state: "revoked", decided_at: at })
    .where("id", "=", id)
    .where("state", "in", from)
    .where("redeemed_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Before a new master key: the look-ups of user codes cannot be made again, so what is pending ends. */
export async function revokeAllPending(tx: Tx, at: number): Promise<number> {
  const result = await tx.db
    .updateTable("device_requests")
    .set({ state: "revoked", decided_at: at })
    .where("state", "=", "pending")
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

export async function deleteExpiredRequests(executor: Executor, before: number): Promise<number> {
  const result = await executor.db.deleteFrom("device_requests").where("expires_at", "<", before).executeTakeFirst();
  return Number(result.numDeletedRows);
}
