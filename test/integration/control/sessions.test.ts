// A person's own account and sessions.
import { describe, expect, test } from "vitest";
import { createMyself } from "../../../src/control/services/me.js";
import {
  addPerson,
  auditActions,
  createTestContext,
  dialects,
  type Person,
  type TestContext,
} from "../control-context.js";

async function addSessions({ store, clock, random }: TestContext, person: Person) {
  const now = clock.now();
  const common = {
    account_id: person.accountId,
    address: person.address,
    agent: "test",
    created_at: now,
    revoked_at: null,
  };
  const times = { expires_at: now + 1_000_000 };
  const terminal = person.sessionId;
  const browser = random.uuid();
  await store.db
    .insertInto("sessions")
    .values({
      ...common,
      ...times,
      id: terminal,
      last_used_at: now,
      client_id: "jitnode-cli",
      dpop_jkt: "x".repeat(43),
      scope: "people",
      org_hint: null,
      generation: 1,
      token_hash: random.token(32),
      rotated_at: now,
      previous_token_hash: null,
    })
    .execute();
  await store.db
    .insertInto("browser_sessions")
    .values({ ...common, ...times, id: browser, id_hash: random.token(32), csrf_secret: "x", last_used_at: now + 1 })
    .execute();
  return { terminal, browser };
}

describe.each(dialects)("sessions on %s", (dialect) => {
  test("the account says who one is and whether one may create organizations", async () => {
    const context = await createTestContext(dialect);
    const myself = createMyself(context);
    const ann = await addPerson(context, { name: "Ann" });
    expect(await myself.show(ann)).toMatchObject({
      account: { id: ann.accountId, name: "Ann" },
      scope: "people",
      session_id: ann.sessionId,
      may_create_organizations: true,
    });
    const guest = await addPerson(context, { origin: "code" });
    expect(await myself.show(guest)).toMatchObject({ may_create_organizations: false });
  });

  test("terminals and browsers are listed and ended; another person's are not", async () => {
    const context = await createTestContext(dialect);
    const myself = createMyself(context);
    const [ann, eve] = [await addPerson(context), await addPerson(context)];
    const { terminal, browser } = await addSessions(context, ann);
    await addSessions(context, eve);
    expect((await myself.sessions(ann)).items).toMatchObject([
      { id: browser, kind: "browser", scope: null, current: false },
      { id: terminal, kind: "terminal", scope: "people", current: true },
    ]);
    await myself.endSession(eve, browser);
    expect((await myself.sessions(ann)).items).toHaveLength(2);
    await myself.endSession(ann, browser);
    await myself.endSession(ann, browser);
    await myself.endSession(ann, "no such session");
    expect((await myself.sessions(ann)).items).toMatchObject([{ id: terminal }]);
    await myself.endSession(ann, terminal);
    expect((await myself.sessions(ann)).items).toEqual([]);
    expect(await auditActions(context)).toEqual(["session.revoked", "session.revoked"]);
    context.advance(2_000_000);
    expect((await myself.sessions(eve)).items).toEqual([]);
  });
});
