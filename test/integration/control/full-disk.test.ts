// A database that cannot grow: what is told is the reason, and the next one who asks finds an open door.
import { sql } from "kysely";
import { join } from "node:path";
import { expect, test } from "vitest";
import { migrate } from "../../../src/control/store/migrate.js";
import { asJitnodeError } from "../../../src/control/http/errors.js";
import { openSqlite } from "../../../src/control/store/sqlite.js";
import { createRandom } from "../../../src/platform/random.js";
import { onEnd } from "../../support/cleanup.js";
import { temporaryFolder } from "../../support/temporary.js";

test("a full disk is told as such, undoes the whole transaction, and is over when there is room again", async () => {
  const store = openSqlite({ file: join(temporaryFolder(), "control.db") });
  onEnd(() => store.close());
  await migrate(store, createRandom());
  const limit = (pages: number): Promise<unknown> => sql`pragma max_page_count = ${sql.lit(pages)}`.execute(store.db);
  const write = (key: string): Promise<void> =>
    store.transaction(async (tx) => {
      await tx.db.insertInto("metadata").values({ key, value: "small" }).execute();
      await tx.db
        .insertInto("metadata")
        .values({ key: `${key}-large`, value: "x".repeat(1_000_000) })
        .execute();
    });
  const keys = async (): Promise<readonly string[]> =>
    (await store.db.selectFrom("metadata").select("key").where("key", "like", "row%").execute()).map(({ key }) => key);

  await limit(1);
  const error: unknown = await write("row-1").catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: "SQLITE_FULL" });
  expect(asJitnodeError(error)).toMatchObject({ code: "unavailable", status: 503 });
  expect(await keys()).toEqual([]);

  await limit(1_000_000);
  await write("row-2");
  expect(await keys()).toEqual(["row-2", "row-2-large"]);
});
