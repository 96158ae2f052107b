// Single values of this database: its id, the check value of its key, who has it open.

import type { Executor } from "./store.js";

const serverPrefix = "server:";

export async function readMetadata(executor: Executor, key: string): Promise<string | undefined> {
  const row = await executor.db.selectFrom("metadata").select("value").where("key", "=", key).executeTakeFirst();
  return row?.value;
}

/** The value that is there afterwards: the given one, or the one that was there first. */
export async function initMetadata(executor: Executor, key: string, value: string): Promise<string> {
  await executor.db
    .insertInto("metadata")
    .values({ key, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await readMetadata(executor, key)) ?? value;
}

export async function writeMetadata(executor: Executor, key: string, value: string): Promise<void> {
  await executor.db
    .insertInto("metadata")
    .values({ key, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
}

export async function deleteMetadata(executor: Executor, key: string): Promise<void> {
  await executor.db.deleteFrom("metadata").where("key", "=", key).execute();
}

/** Says that a server works on this database until `until` (milliseconds). */
export const announceServer = (executor: Executor, id: string, until: number): Promise<void> =>
  writeMetadata(executor, serverPrefix + id, String(until));

export const withdrawServer = (executor: Executor, id: string): Promise<void> =>
  deleteMetadata(executor, serverPrefix + id);

/** Until when the longest announced server may still run; undefined when none is announced after `now`. */
export async function announcedUntil(executor: Executor, now: number): Promise<number | undefined> {
  const rows = await executor.db
    .selectFrom("metadata")
    .select("value")
    .where("key", "like", `${serverPrefix}%`)
    .execute();
  const latest = Math.max(0, ...rows.map((row) => Number(row.value)));
  return latest > now ? latest : undefined;
}
