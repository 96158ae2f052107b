// Organizations, binding codes and members: what is refused, what is written, and what two people at once can do.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readAgreement } from "../../../src/control/services/agreement.js";
import type { Tx } from "../../../src/control/context.js";
import { holdOrganization } from "../../../src/control/services/access.js";
import { createBindingCodes, replaceCode } from "../../../src/control/services/binding-codes.js";
import { createMembers } from "../../../src/control/services/members.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import { temporaryFolder } from "../../support/temporary.js";
import {
  addPerson,
  addRequest,
  auditActions,
  behind,
  createTestContext,
  dialects,
  once,
  outcome,
  someBindingCode,
  type Person,
  type TestContext,
} from "../control-context.js";

const firstPage = { after: undefined, limit: 100 };

async function setUp(dialect: "sqlite" | "postgres", settings: Parameters<typeof createTestContext>[1] = {}) {
  const context = await createTestContext(dialect, settings);
  return { context, ...servicesOf(context) };
}

function servicesOf(context: TestContext) {
  const organizations = createOrganizations(context);
  const codes = createBindingCodes(context);
  const members = createMembers(context);
  const agreement = organizations.agreement.version;
  return {
    organizations,
    codes,
    members,
    agreement,
    create: (person: Person, id: string, name = "Acme") => {
      const input = { id, name, agreement };
      return organizations.create(person, input, once(input));
    },
    join: (person: Person, code: string, expected?: string) => {
      const input = { binding_code: code, ...(expected === undefined ? {} : { expected_org: expected }) };
      return organizations.join(person, input, once(input));
    },
    codeOf: async (person: Person, org: string) => (await codes.show(person, org)).binding_code,
  };
}

describe.each(dialects)("organizations on %s", (dialect) => {
  test("the creator is administrator, has a first binding code, and one entry tells of it", async () => {
    const { context, create, organizations, codeOf, members } = await setUp(dialect);
    const ann = await addPerson(context);
    const made = await create(ann, "acme", "  Acme  ");
    expect(made).toMatchObject({ id: "acme", name: "Acme", role: "administrator", members: 1, nodes: 0 });
    expect(await organizations.list(ann, firstPage)).toEqual({ items: [made] });
    expect(await organizations.show(ann, "acme")).toEqual(made);
    expect(await codeOf(ann, "acme")).toMatch(/^([B-Z]{4}-){3}[B-Z]$/);
    expect((await members.list(ann, "acme", firstPage)).items).toMatchObject([
      { account_id: ann.accountId, name: ann.name, role: "administrator", joined_by: "created", you: true },
    ]);
    expect(await auditActions(context)).toEqual(["org.created"]);
    const row = await context.store.db.selectFrom("organizations").selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ agreement_version: organizations.agreement.version, created_by: ann.accountId });
  });

  test("an id, a name or an agreement that will not do is refused and leaves nothing", async () => {
    const { context, create, organizations, agreement } = await setUp(dialect);
    const ann = await addPerson(context);
    for (const id of ["Acme", "a", "ab", "-ab", "ab-", "a".repeat(41), "a".repeat(10_000), "acme\u202e", "", "a/b"]) {
      expect(await outcome(create(ann, id)), id.slice(0, 50)).toBe("org_id_invalid");
    }
    for (const id of ["admin", "v1", "new", "null"]) expect(await outcome(create(ann, id))).toBe("org_id_reserved");
    for (const name of ["", "  ", "a\u0007", "a\u202eb", "a\nb", "a".repeat(81), "\u200d"]) {
      expect(await outcome(create(ann, "acme", name)), JSON.stringify(name)).toBe("org_name_invalid");
    }
    for (const version of ["", "0".repeat(64), agreement.toUpperCase()]) {
      const input = { id: "acme", name: "Acme", agreement: version };
      expect(await outcome(organizations.create(ann, input, once(input)))).toBe("agreement_required");
    }
    expect(await auditActions(context)).toEqual([]);
    expect(await outcome(create(ann, "acme"))).toBe("ok");
    expect(await outcome(create(ann, "acme"))).toBe("org_id_taken");
  });

  test("an id is never given again after its organization was deleted", async () => {
    const { context, create, organizations } = await setUp(dialect);
    const ann = await addPerson(context);
    await create(ann, "acme");
    await context.store.db.updateTable("organizations").set({ deleted_at: 1 }).execute();
    expect(await outcome(create(ann, "acme"))).toBe("org_id_taken");
    expect(await outcome(organizations.show(ann, "acme"))).toBe("org_not_found");
    expect((await organizations.list(ann, firstPage)).items).toEqual([]);
  });

  test("of many who want the same id at once exactly one gets it", async () => {
    const { context, create } = await setUp(dialect);
    const all = await Promise.all(Array.from({ length: 6 }, () => addPerson(context)));
    const outcomes = await Promise.all(all.map((person) => outcome(create(person, "acme"))));
    expect(outcomes.sort()).toEqual(["ok", ...Array.from({ length: 5 }, () => "org_id_taken")]);
    expect(await auditActions(context)).toEqual(["org.created"]);
  });

  test("somebody who came by a binding code creates none, unless everybody may", async () => {
    const strict = await setUp(dialect);
    for (const origin of ["setup", "invitation", "open"] as const) {
      const person = await addPerson(strict.context, { origin });
      expect(await outcome(strict.create(person, `by-${origin}`))).toBe("ok");
    }
    const guest = await addPerson(strict.context, { origin: "code" });
    // Also where the id is taken: nothing is learnt about others.
    expect(await outcome(strict.create(guest, "by-setup"))).toBe("org_creation_not_allowed");

    const free = await setUp(dialect, { orgCreation: "all" });
    expect(await outcome(free.create(await addPerson(free.context, { origin: "code" }), "acme"))).toBe("ok");
  });

  test("creations, and questions whether an id is taken, are limited per person and address", async () => {
    const { context, create } = await setUp(dialect);
    const [ann, bob] = [await addPerson(context), await addPerson(context)];
    await create(bob, "acme");
    const outcomes: string[] = [];
    for (let n = 0; n < 25; n++) outcomes.push(await outcome(create(ann, n % 2 === 0 ? "acme" : `ann-${n}`)));
    expect(outcomes.at(-1)).toBe("rate_limited");
    expect(await outcome(create(bob, "bobs"))).toBe("ok");
  });

  test("joining by code makes a regular member, twice is fine, and one entry tells of it", async () => {
    const { context, create, join, codeOf, members } = await setUp(dialect);
    const [ann, bob] = [await addPerson(context), await addPerson(context)];
    await create(ann, "acme");
    const code = await codeOf(ann, "acme");
    const joined = await join(bob, ` ${code.toLowerCase().replaceAll("-", " ")} `);
    expect(joined).toMatchObject({ id: "acme", role: "member", members: 2 });
    expect(await join(bob, code)).toEqual(joined);
    expect(await join(ann, code)).toMatchObject({ role: "administrator" });
    expect(await codeOf(bob, "acme")).toBe(code);
    expect((await members.list(bob, "acme", firstPage)).items).toHaveLength(2);
    expect(await auditActions(context, "acme")).toEqual(["org.created", "member.joined"]);
  });

  test("a code that is wrong, mistyped, refreshed, or another organization's than expected, is one answer", async () => {
    const { context, create, join, codes, codeOf, organizations } = await setUp(dialect);
    const ann = await addPerson(context);
    await create(ann, "acme");
    await create(ann, "other");
    const old = await codeOf(ann, "acme");
    await codes.refresh(ann, "acme", once());
    const code = await codeOf(ann, "acme");
    const slip = code.slice(0, -1) + (code.endsWith("B") ? "C" : "B");
    for (const [wrong, expected] of [
      [someBindingCode()],
      [slip],
      [old],
      [code, "other"],
      [code, "no-such"],
      [code, "ACME"],
      ["hello"],
      ["\u202e"],
    ] as const) {
      const bob = await addPerson(context);
      expect(await outcome(join(bob, wrong, expected)), wrong).toBe("binding_code_invalid");
      expect((await organizations.list(bob, firstPage)).items).toEqual([]);
    }
    expect(await outcome(join(await addPerson(context), code, "acme"))).toBe("ok");
  });

  test("five wrong codes are a pause for this person alone, and the right one does not end it", async () => {
    const { context, create, join, codeOf } = await setUp(dialect);
    const [ann, bob, eve] = [await addPerson(context), await addPerson(context), await addPerson(context)];
    await create(ann, "acme");
    const code = await codeOf(ann, "acme");
    for (let n = 0; n < 5; n++) expect(await outcome(join(eve, someBindingCode()))).toBe("binding_code_invalid");
    expect(await outcome(join(eve, code))).toBe("rate_limited");
    expect(await outcome(join(bob, code))).toBe("ok");
    context.advance(15 * 60_000 + 1);
    expect(await outcome(join(eve, code))).toBe("ok");
  });

  test("any member refreshes the code, and the old one never works again", async () => {
    const { context, create, join, codes, codeOf } = await setUp(dialect);
    const [ann, bob, eve] = [await addPerson(context), await addPerson(context), await addPerson(context)];
    await create(ann, "acme");
    const seen = new Set([await codeOf(ann, "acme")]);
    await join(bob, [...seen][0] ?? "");
    for (const person of [bob, ann, bob]) {
      const { binding_code: next, refreshed_by } = await codes.refresh(person, "acme", once());
      expect(refreshed_by).toBe(person.accountId);
      expect(await codeOf(ann, "acme")).toBe(next);
      for (const old of seen) {
        context.advance(20 * 60_000);
        expect(await outcome(join(eve, old))).toBe("binding_code_invalid");
      }
      expect(seen.has(next)).toBe(false);
      seen.add(next);
    }
    expect((await auditActions(context, "acme")).filter((action) => action === "org.code_refreshed")).toHaveLength(3);
  });

  test("sixty refreshes an hour are one member's fill; a repeat is none of them, and a refused one leaves the code", async () => {
    const { context, create, join, codes, codeOf } = await setUp(dialect);
    const [ann, bob] = [await addPerson(context), await addPerson(context)];
    await create(ann, "acme");
    await join(bob, await codeOf(ann, "acme"));
    for (let count = 0; count < 59; count += 1) await codes.refresh(bob, "acme", once());
    const last = once();
    const refreshed = await codes.refresh(bob, "acme", last);
    const refused = once();
    await expect(codes.refresh(bob, "acme", refused)).rejects.toMatchObject({
      code: "rate_limited",
      retryAfter: expect.any(Number) as number,
    });
    expect(await codes.refresh(bob, "acme", last)).toEqual(refreshed);
    expect(await codeOf(bob, "acme")).toBe(refreshed.binding_code);
    expect(await outcome(codes.refresh(ann, "acme", once()))).toBe("ok");
    context.advance(60 * 60_000 + 1);
    expect(await outcome(codes.refresh(bob, "acme", refused))).toBe("ok");
  });

  test("a refresh too many is refused before anything is begun; one account's from everywhere are slowed down", async () => {
    const { context, create, codes } = await setUp(dialect);
    const ann = await addPerson(context);
    await create(ann, "acme");
    const { accountId, address } = ann;
    for (let count = 0; count < 60; count += 1) await context.limits.count("code_refresh", { accountId, address });
    const transaction = () => Promise.reject(new Error("a transaction began"));
    const idle = createBindingCodes({ ...context, store: { ...context.store, transaction } });
    expect(await outcome(idle.refresh(ann, "acme", once()))).toBe("rate_limited");
    for (let count = 0; count < 60; count += 1) {
      await context.limits.count("code_refresh", { accountId, address: `198.51.100.${String(count)}` });
    }
    const before = performance.now();
    expect(await outcome(codes.refresh({ ...ann, address: "203.0.113.1" }, "acme", once()))).toBe("ok");
    expect(performance.now() - before).toBeGreaterThan(900);
  });

  test("many refreshes at once leave one current code", async () => {
    const { context, create, codes, codeOf } = await setUp(dialect);
    const ann = await addPerson(context);
    await create(ann, "acme");
    const answers = await Promise.all(Array.from({ length: 5 }, () => codes.refresh(ann, "acme", once())));
    expect(new Set(answers.map((answer) => answer.binding_code)).size).toBe(5);
    expect(answers.map((answer) => answer.binding_code)).toContain(await codeOf(ann, "acme"));
    const current = await context.store.db
      .selectFrom("binding_codes")
      .where("revoked_at", "is", null)
      .selectAll()
      .execute();
    expect(current).toHaveLength(1);
  });

  test("removing a member kills the code they knew and ends the terminals they have on its nodes", async () => {
    const { context, create, join, codeOf, members } = await setUp(dialect);
    const [ann, bob] = [await addPerson(context), await addPerson(context)];
    await create(ann, "acme");
    const code = await codeOf(ann, "acme");
    await join(bob, code);
    const here = await addTerminal(context, bob, "acme");
    const elsewhere = await addTerminal(context, bob, null);
    const waiting = await addRequest(context, {
      client_id: "jitnode-cli",
      org_hint: "acme",
      state: "approved",
      decided_by: bob.accountId,
    });
    const ended: string[] = [];
    context.events.subscribe((event) => event.type === "session_ended" && ended.push(event.accountId));

    expect(await members.remove(ann, "acme", bob.accountId)).toEqual({
      removed: bob.accountId,
      binding_code_refreshed: true,
    });
    expect(await outcome(join(bob, code))).toBe("binding_code_invalid");
    expect(await outcome(members.list(bob, "acme", firstPage))).toBe("org_not_found");
    expect(await isRevoked(context, here)).toBe(true);
    expect(await isRevoked(context, elsewhere)).toBe(false);
    const request = await context.store.db
      .selectFrom("device_requests")
      .select("state")
      .where("id", "=", waiting.requestId)
      .executeTakeFirstOrThrow();
    expect(request.state).toBe("revoked");
    if (dialect === "sqlite") expect(ended).toEqual([bob.accountId]);
    expect([...(await auditActions(context, "acme"))].sort()).toEqual(
      ["member.joined", "member.removed", "org.code_refreshed", "org.created"].sort(),
    );
    // Gone already: nothing happens, and the code stays.
    const current = await codeOf(ann, "acme");
    expect(await members.remove(ann, "acme", bob.accountId)).toBeUndefined();
    expect(await members.remove(ann, "acme", "nobody")).toBeUndefined();
    expect(await codeOf(ann, "acme")).toBe(current);
  });

  test("a regular member removes nobody, not even somebody who is not there, and the last administrator stays", async () => {
    const { context, create, join, codeOf, members } = await setUp(dialect);
    const [ann, bob, eve] = [await addPerson(context), await addPerson(context), await addPerson(context)];
    await create(ann, "acme");
    await join(bob, await codeOf(ann, "acme"));
    for (const target of [ann.accountId, bob.accountId, eve.accountId, "nobody"]) {
      expect(await outcome(members.remove(bob, "acme", target))).toBe("administrator_required");
      expect(await outcome(members.remove(eve, "acme", target))).toBe("org_not_found");
    }
    expect(await outcome(members.remove(ann, "acme", ann.accountId))).toBe("last_administrator");
    expect((await members.list(ann, "acme", firstPage)).items).toHaveLength(2);
  });

  test("two administrators who remove each other at the same moment leave exactly one", async () => {
    const { context, create, join, codeOf, members } = await setUp(dialect);
    for (let round = 0; round < 5; round++) {
      const org = `acme-${round}`;
      const [ann, bob] = [await addPerson(context), await addPerson(context)];
      await create(ann, org);
      await join(bob, await codeOf(ann, org));
      await context.store.db
        .updateTable("memberships")
        .set({ role: "administrator" })
        .where("org_id", "=", org)
        .execute();
      const outcomes = await Promise.all([
        outcome(members.remove(ann, org, bob.accountId)),
        outcome(members.remove(bob, org, ann.accountId)),
      ]);
      expect(outcomes.sort()).toEqual(["ok", "org_not_found"]);
      const left = await context.store.db.selectFrom("memberships").selectAll().where("org_id", "=", org).execute();
      expect(left).toMatchObject([{ role: "administrator" }]);
    }
  });

  test("two administrators who leave by themselves at the same moment leave exactly one", async () => {
    const { context, create, join, codeOf, members } = await setUp(dialect);
    const [ann, bob] = [await addPerson(context), await addPerson(context)];
    await create(ann, "acme");
    await join(bob, await codeOf(ann, "acme"));
    await context.store.db.updateTable("memberships").set({ role: "administrator" }).execute();
    const outcomes = await Promise.all(
      [ann, bob].map((person) => outcome(members.remove(person, "acme", person.accountId))),
    );
    expect(outcomes.sort()).toEqual(["last_administrator", "ok"]);
  });

  test("lists come in pages", async () => {
    const { context, create, join, codeOf, organizations, members } = await setUp(dialect);
    const ann = await addPerson(context);
    for (const id of ["ccc", "aaa", "bbb"]) await create(ann, id);
    const first = await organizations.list(ann, { after: undefined, limit: 2 });
    expect(first.items.map((item) => item.id)).toEqual(["aaa", "bbb"]);
    const second = await organizations.list(ann, { after: first.next, limit: 2 });
    expect(second.items.map((item) => item.id)).toEqual(["ccc"]);
    expect(second.next).toBeUndefined();

    const code = await codeOf(ann, "aaa");
    for (let n = 0; n < 3; n++) await join(await addPerson(context), code);
    const seen: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await members.list(ann, "aaa", { after, limit: 2 });
      seen.push(...page.items.map((item) => item.account_id));
      after = page.next;
      more = after !== undefined;
    }
    expect(new Set(seen).size).toBe(4);
    expect(seen).toHaveLength(4);
  });
});

test("a refreshed code is dead on the other replica when the refresh has returned", async () => {
  const first = await createTestContext("postgres");
  const [here, there] = [servicesOf(first), servicesOf(await first.replica())];
  const ann = await addPerson(first);
  await here.create(ann, "acme");
  for (let round = 0; round < 5; round++) {
    const old = await there.codeOf(ann, "acme");
    await here.codes.refresh(ann, "acme", once());
    const bob = await addPerson(first);
    expect(await outcome(there.join(bob, old))).toBe("binding_code_invalid");
    expect(await outcome(there.join(bob, await there.codeOf(ann, "acme")))).toBe("ok");
  }
});

test("a join by the old code that waits for a refresh joins nothing", async () => {
  const context = await createTestContext("postgres");
  const { create, join, codeOf, members } = servicesOf(context);
  const ann = await addPerson(context);
  const bob = await addPerson(context);
  await create(ann, "acme");
  const old = await codeOf(ann, "acme");
  const refresh = async (tx: Tx) => {
    const { id } = await holdOrganization(tx, ann, "acme", "refresh_code");
    await replaceCode(context, tx, id, ann.accountId);
  };
  expect(await behind(context, refresh, [() => outcome(join(bob, old))])).toEqual(["binding_code_invalid"]);
  expect((await members.list(ann, "acme", firstPage)).items).toHaveLength(1);
});

test("an agreement of one's own replaces the shipped one; a file that cannot be used is refused at start", () => {
  const folder = temporaryFolder();
  const file = join(folder, "agreement.md");
  writeFileSync(file, "# Ours\n");
  const ours = readAgreement({ agreementFile: file });
  expect(ours.text).toBe("# Ours\n");
  expect(ours.version).toMatch(/^[0-9a-f]{64}$/);
  expect(ours.version).not.toBe(readAgreement({ agreementFile: undefined }).version);
  expect(() => readAgreement({ agreementFile: join(folder, "none.md") })).toThrow(/cannot be read/);
  writeFileSync(file, "  \n");
  expect(() => readAgreement({ agreementFile: file })).toThrow(/empty/);
});

async function addTerminal(
  { store, clock, random }: TestContext,
  person: Person,
  orgHint: string | null,
): Promise<string> {
  const id = random.uuid();
  const now = clock.now();
  await store.db
    .insertInto("sessions")
    .values({
      id,
      account_id: person.accountId,
      client_id: "jitnode-cli",
      dpop_jkt: "x".repeat(43),
      scope: "people",
      org_hint: orgHint,
      address: person.address,
      agent: "jitnode",
      created_at: now,
      last_used_at: now,
      expires_at: now + 1_000_000,
      generation: 1,
      token_hash: random.token(32),
      rotated_at: now,
      previous_token_hash: null,
      revoked_at: null,
    })
    .execute();
  return id;
}

async function isRevoked({ store }: TestContext, id: string): Promise<boolean> {
  const row = await store.db.selectFrom("sessions").select("revoked_at").where("id", "=", id).executeTakeFirstOrThrow();
  return row.revoked_at !== null;
}
