// Counters in fixed windows, and pauses. One statement counts, so replicas never lose a count.

import { sql } from "kysely";
import { statement } from "./statement.js";
import type { Executor, Tx } from "./store.js";

export interface Counted {
  readonly count: number;
  readonly windowStart: number;
  readonly blockedUntil: number | null;
}

type Count = { readonly bucket: string; readonly now: number; readonly before: number; readonly until: number };

const counting = statement((db, the: Count) => {
  const fresh = sql<boolean>`rate_limits.window_start <= ${the.before}`;
  return db
    .insertInto("rate_limits")
    .values({ bucket: the.bucket, window_start: the.now, count: 1, blocked_until: null, expires_at: the.until })
    .onConflict((conflict) =>
      conflict.column("bucket").doUpdateSet({
        count: sql<number>`case when ${fresh} then 1 else rate_limits.count + 1 end`,
        window_start: sql<number>`case when ${fresh} then excluded.window_start else rate_limits.window_start end`,
        expires_at: the.until,
      }),
    )
    .returning(["count", "window_start", "blocked_until"]);
});

/** Adds one; a window that is over begins anew. A pause that is set stays. */
export async function countUp(executor: Executor, bucket: string, now: number, window: number): Promise<Counted> {
  const { rows } = await counting(executor, { bucket, now, before: now - window, until: now + 2 * window });
  const [row] = rows;
  if (row === undefined) throw new Error("a counter that is written returns its row");
  return { count: row.count, windowStart: row.window_start, blockedUntil: row.blocked_until };
}

/** Takes one back, and the pause with it where the count falls below `most`. */
export async function countDown(executor: Executor, bucket: string, most: number): Promise<void> {
  await executor.db
    .updateTable("rate_limits")
    .set({
      count: sql<number>`count - 1`,
      blocked_until: sql<number | null>`case when count <= ${most} then null else blocked_until end`,
    })
    .where("bucket", "=", bucket)
    .where("count", ">", 0)
    .execute();
}

/** `restart`: the pause stands for the attempts that led to it. */
export async function block(tx: Tx, bucket: string, until: number, restart: boolean): Promise<void> {
  await tx.db
    .updateTable("rate_limits")
    .set({ blocked_until: until, expires_at: until, ...(restart ? { count: 0 } : {}) })
    .where("bucket", "=", bucket)
    .execute();
}

export async function removeBuckets(executor: Executor, buckets: readonly string[]): Promise<void> {
  await executor.db.deleteFrom("rate_limits").where("bucket", "in", buckets).execute();
}

/** As many buckets as there are values, whatever their names. */
const bucketsOf = statement((db, the: Readonly<Record<string, string>>) =>
  db.selectFrom("rate_limits").selectAll().where("bucket", "in", Object.values(the)),
);

export async function readBuckets(
  executor: Executor,
  buckets: readonly string[],
): Promise<readonly (Counted & { readonly bucket: string })[]> {
  const { rows } = await bucketsOf(executor, Object.fromEntries(buckets.entries()));
  return rows.map((row) => ({
    bucket: row.bucket,
    count: row.count,
    windowStart: row.window_start,
    blockedUntil: row.blocked_until,
  }));
}

export async function deleteExpiredLimits(executor: Executor, now: number): Promise<number> {
  const result = await executor.db.deleteFrom("rate_limits").where("expires_at", "<", now).executeTakeFirst();
  return Number(result.numDeletedRows);
}
