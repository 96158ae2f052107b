// A connection to PostgreSQL that breaks while it is in use fails what it was used for, and nothing else.
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openPostgres } from "../../../src/control/store/postgres.js";
import { onEnd } from "../../support/cleanup.js";
import { createDatabase } from "../../support/postgres.js";

test.each(["between two statements", "during one"])("it breaks %s of a transaction", async (when) => {
  const { url } = await createDatabase();
  const [store, other] = [url, url].map((each) => openPostgres({ url: each, onError: () => undefined }));
  if (store === undefined || other === undefined) throw new Error("two stores were opened");
  onEnd(async () => {
    await store.close();
    await other.close();
  });
  const lost = store.transaction(async ({ db }) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    const statement = when === "during one" ? sql`select pg_sleep(60)`.execute(db) : undefined;
    statement?.catch(() => undefined);
    await sql`select pg_terminate_backend(${rows[0]?.pid}, 30000)`.execute(other.db);
    await statement;
    await sql`select 1`.execute(db);
  });
  await expect(lost).rejects.toThrow();
  expect((await sql`select 1 as one`.execute(store.db)).rows).toEqual([{ one: 1 }]);
});
