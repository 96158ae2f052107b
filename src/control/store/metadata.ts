// Single values of this database: its id, the check value of its key, who has it open, and under which URL.

import { locked, type Executor, type Tx } from "./store.js";

/** Of servers that announced themselves. */
export const serverPrefix = "server:";
/** The check value of the key file (Secrets.check). */
export const keyCheckName = "key_check";
/** Under which nodes and terminals came to know this control plane, and when (public-url). */
export const publicUrlsName = "public_url";

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

/** As `readMetadata`; on PostgreSQL nobody else changes it until the transaction ends. */
export async function lockMetadata(tx: Tx, key: string): Promise<string | undefined> {
  const row = await locked(tx, tx.db.selectFrom("metadata").select("value").where("key", "=", key)).executeTakeFirst();
  return row?.value;
}

export async function writeMetadata(executor: Executor, key: string, value: string): Promise<void> {
  await executor.db
    .insertInto("metadata")
    .values({ key, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
}

async function deleteMetadata(executor: Executor, key: string): Promise<void> {
  await executor.db.deleteFrom("metadata").where("key", "=", key).execute();
}

/** Says that a server works on this database until `until` (milliseconds). */
export const announceServer = (executor: Executor, id: string, until: number): Promise<void> =>
  writeMetadata(executor, serverPrefix + id, String(until));

export const withdrawServer = (executor: Executor, id: string): Promise<void> =>
  deleteMetadata(executor, serverPrefix + id);

/** Until when the longest announced server may still run; undefined when none is announced beyond `now`. */
export async function announcedUntil(executor: Executor, now: number): Promise<number | undefined> {
  const latest = Math.max(0, ...(await announcements(executor)).map((row) => Number(row.value)));
  return latest > now ? latest : undefined;
}

/** Of servers that ended without withdrawing; not the one that has announced itself again since it was read. */
export async function removeOldAnnouncements(executor: Executor, now: number): Promise<void> {
  for (const { key, value } of await announcements(executor)) {
    if (Number(value) >= now) continue;
    await executor.db.deleteFrom("metadata").where("key", "=", key).where("value", "=", value).execute();
  }
}

const announcements = (executor: Executor) =>
  executor.db.selectFrom("metadata").selectAll().where("key", "like", `${serverPrefix}%`).execute();
