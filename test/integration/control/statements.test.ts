// Statements that are compiled once: filled in anew each time, and as isolated as every other query.
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { rememberProof } from "../../../src/control/store/seen-proofs.js";
import { statement } from "../../../src/control/store/statement.js";
import type { Tx } from "../../../src/control/store/store.js";
import { createTestContext, dialects } from "../control-context.js";

const expiry = statement((db, the: { readonly id: string }) =>
  db.selectFrom("seen_proofs").select("expires_at").where("id", "=", the.id),
);

const isOver = /transaction is (over|already committed)/i;

describe.each(dialects)("on %s", (dialect) => {
  test("each call brings its own values, of whichever transaction", async () => {
    const { store } = await createTestContext(dialect);
    const of = async (id: string) => (await expiry(store, { id })).rows;
    expect(await of("one")).toEqual([]);
    expect(await rememberProof(store, "one", 1)).toBe(true);
    await store.transaction(async (tx) => {
      expect(await rememberProof(tx, "two", 2)).toBe(true);
      expect(await rememberProof(tx, "two", 3)).toBe(false);
      expect((await expiry(tx, { id: "two" })).rows).toEqual([{ expires_at: 2 }]);
    });
    expect([await of("one"), await of("two")]).toEqual([[{ expires_at: 1 }], [{ expires_at: 2 }]]);
  });

  test("what a transaction has not committed is not seen from outside, nor committed with what others write", async () => {
    const { store } = await createTestContext(dialect);
    let written = (): void => undefined;
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    let finish = (): void => undefined;
    const mayEnd = new Promise<void>((resolve) => (finish = resolve));
    const undone = store.transaction(async (tx) => {
      await rememberProof(tx, "undone", 1);
      written();
      await mayEnd;
      throw new Error("undone on purpose");
    });
    await isWritten;
    const seen = expiry(store, { id: "undone" });
    const kept = rememberProof(store, "kept", 2);
    finish();
    await expect(undone).rejects.toThrow("undone on purpose");
    expect((await seen).rows).toEqual([]);
    expect(await kept).toBe(true);
    expect((await expiry(store, { id: "undone" })).rows).toEqual([]);
    expect((await expiry(store, { id: "kept" })).rows).toEqual([{ expires_at: 2 }]);
  });

  test("a transaction that is over runs nothing more", async () => {
    const { store } = await createTestContext(dialect);
    let kept: Tx | undefined;
    await store.transaction(async (tx) => {
      kept = tx;
      await rememberProof(tx, "one", 1);
    });
    if (kept === undefined) throw new Error("there was no transaction");
    const { db } = kept;
    const built = () => db.insertInto("seen_proofs").values({ id: "late", expires_at: 1 }).execute();
    await expect(rememberProof(kept, "late", 1)).rejects.toThrow(isOver);
    await expect(built()).rejects.toThrow(isOver);
    await store.transaction(async (tx) => {
      await rememberProof(tx, "two", 2);
      await expect(built()).rejects.toThrow(isOver);
    });
    expect((await expiry(store, { id: "late" })).rows).toEqual([]);
  });
});

test("what SQLite has ended by itself writes nothing more, whoever has caught the error", async () => {
  const { store } = await createTestContext("sqlite");
  const { rows } = await sql<{ readonly page_count: number }>`pragma page_count`.execute(store.db);
  await sql.raw(`pragma max_page_count = ${(rows[0]?.page_count ?? 0) + 1}`).execute(store.db);
  await sql.raw("pragma cache_size = 5").execute(store.db);
  const ended = store.transaction(async (tx) => {
    await rememberProof(tx, "before", 1);
    const fill = async (): Promise<void> => {
      for (let one = 0; one < 3000; one += 1) await rememberProof(tx, String(one).repeat(100), 1);
    };
    await expect(fill()).rejects.toThrow(/full/);
    await rememberProof(tx, "late", 1);
  });
  await expect(ended).rejects.toThrow("the transaction is over");
  expect(await store.db.selectFrom("seen_proofs").select("id").execute()).toEqual([]);
});
