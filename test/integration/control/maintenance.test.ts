// What is removed when its time is over, and what is kept a while longer; on both databases.
import { describe, expect, test } from "vitest";
import { announce } from "../../../src/control/key-check.js";
import { removeExpired } from "../../../src/control/services/maintenance.js";
import { initMetadata, keyCheckName } from "../../../src/control/store/metadata.js";
import { addPerson, createTestContext, dialects, type TestContext } from "../control-context.js";
import { poll, refresh, serve, signIn, startDevice } from "./oauth/client.js";

const hour = 3_600_000;
const day = 24 * hour;
const tables = ["device_requests", "seen_proofs", "rate_limits", "sessions"] as const;

const counts = async ({ store }: TestContext): Promise<readonly number[]> =>
  Promise.all(tables.map(async (table) => (await store.db.selectFrom(table).selectAll().execute()).length));

describe.each(dialects)("maintenance on %s", (dialect) => {
  test("removes what has expired, keeps what still has an answer, also when two replicas do it at once", async () => {
    const server = await serve(await createTestContext(dialect));
    const { context } = server;
    const person = await addPerson(context);
    const session = await signIn(server, person.accountId);
    const late = await startDevice(server, { client_id: "jitnode-cli" });
    await refresh(server, session.refreshToken, session.key);

    await removeExpired(context);
    expect((await counts(context)).every((count) => count > 0)).toBe(true);

    context.advance(hour);
    await removeExpired(context);
    expect((await poll(server, "jitnode-cli", late.deviceCode)).body["error"]).toBe("expired_token");

    context.advance(2 * day);
    await Promise.all([removeExpired(context), removeExpired(context)]);
    expect((await counts(context)).map((count) => count > 0)).toEqual([false, false, false, true]);
    expect((await poll(server, "jitnode-cli", late.deviceCode)).body["error"]).toBe("invalid_grant");

    context.advance(40 * day);
    await removeExpired(context);
    expect(await counts(context)).toEqual([0, 0, 0, 0]);
  });

  test("forgets a server that ended without a word", async () => {
    const context = await createTestContext(dialect);
    await initMetadata(context.store, keyCheckName, context.secrets.check);
    await announce(context, "gone");
    const announced = async () =>
      (await context.store.db.selectFrom("metadata").select("key").where("key", "like", "server:%").execute()).length;
    await removeExpired(context);
    expect(await announced()).toBe(1);
    context.advance(91_000);
    await removeExpired(context);
    expect(await announced()).toBe(0);
  });
});
