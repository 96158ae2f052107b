// What ends a person's sessions also ends the one that is being opened at that very moment (PostgreSQL, READ COMMITTED:
// SQLite has one transaction at a time).
import { expect, test } from "vitest";
import { createActivations } from "../../../src/control/services/activations.js";
import { createBindingCodes } from "../../../src/control/services/binding-codes.js";
import { createMembers } from "../../../src/control/services/members.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import { createTerminalSignIns } from "../../../src/control/services/terminal-sign-ins.js";
import { endTerminals, lockAccount } from "../../../src/control/store/accounts.js";
import { endBrowserSessionsOf, insertBrowserSession } from "../../../src/control/store/browser-sessions.js";
import { lockByUserCode, markRedeemed } from "../../../src/control/store/device-requests.js";
import { lockOrganization } from "../../../src/control/store/organizations.js";
import { insertSession } from "../../../src/control/store/sessions.js";
import {
  addPerson,
  addRequest,
  behind,
  createTestContext,
  once,
  outcome,
  type Person,
  type TestContext,
} from "../control-context.js";

const thumbprint = "x".repeat(43);

const terminalOf = (context: TestContext, person: Person, orgHint: string | null) => ({
  id: context.random.token(16),
  account_id: person.accountId,
  client_id: "jitnode-cli",
  dpop_jkt: thumbprint,
  scope: "people",
  org_hint: orgHint,
  address: person.address,
  agent: "test",
  created_at: context.clock.now(),
  last_used_at: context.clock.now(),
  expires_at: context.clock.now() + 1_000_000,
  generation: 1,
  token_hash: context.random.token(32),
  rotated_at: context.clock.now(),
  previous_token_hash: null,
  revoked_at: null,
});

/** A terminal's request that is approved, and being redeemed when `other` comes. */
async function redeemBefore(
  context: TestContext,
  person: Person,
  orgHint: string | null,
  other: () => Promise<unknown>,
) {
  const asked = await addRequest(context, {
    client_id: "jitnode-cli",
    dpop_jkt: null,
    public_jwk: null,
    scope: "people",
    org_hint: orgHint,
    state: "approved",
    decided_at: context.clock.now(),
    decided_by: person.accountId,
  });
  const session = terminalOf(context, person, orgHint);
  await behind(
    context,
    async (tx) => {
      await lockByUserCode(tx, context.secrets.lookup("user_code", asked.userCode.replace("-", "")));
      await insertSession(tx, session);
      await markRedeemed(tx, asked.requestId, { at: context.clock.now(), sessionId: session.id, jkt: thumbprint });
    },
    [other],
  );
  const row = await context.store.db
    .selectFrom("sessions")
    .select("revoked_at")
    .where("id", "=", session.id)
    .executeTakeFirstOrThrow();
  return row.revoked_at === null ? "lives" : "ended";
}

async function withMember(context: TestContext) {
  const [ann, bob] = [await addPerson(context), await addPerson(context)];
  const organizations = createOrganizations(context);
  await organizations.create(ann, { id: "acme", name: "Acme", agreement: organizations.agreement.version }, once());
  const { binding_code } = await createBindingCodes(context).show(ann, "acme");
  await organizations.join(bob, { binding_code }, once());
  return { ann, bob };
}

/** A browser that is signed in; the person as its pages see them. */
async function atBrowser(context: TestContext, person: Person): Promise<Person> {
  const now = context.clock.now();
  const common = { account_id: person.accountId, address: person.address, agent: "test", revoked_at: null };
  await context.store.transaction((tx) =>
    insertBrowserSession(tx, {
      ...common,
      id: person.sessionId,
      id_hash: context.random.token(32),
      csrf_secret: "x",
      created_at: now,
      last_used_at: now,
      expires_at: now + 1_000_000,
    }),
  );
  return person;
}

test("a password reset also ends the terminal that is fetching its tokens", async () => {
  const context = await createTestContext("postgres");
  const ann = await addPerson(context);
  const reset = () => context.store.transaction((tx) => endTerminals(tx, ann.accountId, context.clock.now()));
  expect(await redeemBefore(context, ann, null, reset)).toBe("ended");
});

test("a removal also ends the terminal that is fetching its tokens on the organization's node", async () => {
  const context = await createTestContext("postgres");
  const { ann, bob } = await withMember(context);
  const remove = () => createMembers(context).remove(ann, "acme", bob.accountId);
  expect(await redeemBefore(context, bob, "acme", remove)).toBe("ended");
});

test("a terminal that is being approved while its person is removed is not signed in", async () => {
  const context = await createTestContext("postgres");
  const { ann, bob } = await withMember(context);
  const asked = await addRequest(context, {
    client_id: "jitnode-cli",
    dpop_jkt: null,
    public_jwk: null,
    org_hint: "acme",
  });
  const input = { number: asked.number, bindingCode: undefined };
  const person = await atBrowser(context, bob);
  const [approved] = await behind(
    context,
    async (tx) => {
      await lockOrganization(tx, "acme");
      await tx.db.deleteFrom("memberships").where("account_id", "=", bob.accountId).execute();
    },
    [() => outcome(createTerminalSignIns(context).approve(person, asked.userCode, input, once(input)))],
  );
  expect(approved).toBe("binding_code_invalid");
  expect(await outcome(createMembers(context).list(ann, "acme", { after: undefined, limit: 5 }))).toBe("ok");
});

test("a browser that was signed out meanwhile signs no terminal in", async () => {
  const context = await createTestContext("postgres");
  const ann = await atBrowser(context, await addPerson(context));
  const asked = await addRequest(context, { client_id: "jitnode-cli", dpop_jkt: null, public_jwk: null });
  const input = { number: asked.number, bindingCode: undefined };
  const [approved] = await behind(
    context,
    async (tx) => {
      await lockAccount(tx, ann.accountId);
      await endBrowserSessionsOf(tx, ann.accountId, context.clock.now());
      await endTerminals(tx, ann.accountId, context.clock.now());
    },
    [() => outcome(createTerminalSignIns(context).approve(ann, asked.userCode, input, once(input)))],
  );
  expect(approved).toBe("session_ended");
});

test("guesses sent at once are counted one after the other", async () => {
  for (const dialect of ["sqlite", "postgres"] as const) {
    const context = await createTestContext(dialect);
    const person = await addPerson(context);
    const activations = createActivations(context);
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, () => outcome(activations.show(person, "BCDF-GHJK"))),
    );
    expect(outcomes.filter((each) => each === "activation_unknown")).toHaveLength(5);
    expect(outcomes.filter((each) => each === "rate_limited")).toHaveLength(25);
  }
});
