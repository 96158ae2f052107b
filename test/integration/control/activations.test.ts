// Activations as a person sees and decides them: every refusal, and that an approval is done wholly and once.
import { describe, expect, test } from "vitest";
import { asNodeId } from "../../../src/domain/ids.js";
import { generateKeyPair } from "../../../src/identity/keys.js";
import type { ApprovalRequest } from "../../../src/protocol/people.js";
import type { Tx } from "../../../src/control/context.js";
import { createActivations } from "../../../src/control/services/activations.js";
import { createBindingCodes } from "../../../src/control/services/binding-codes.js";
import { createMembers } from "../../../src/control/services/members.js";
import { createNodeBindings } from "../../../src/control/services/node-binding.js";
import { createNodes } from "../../../src/control/services/nodes.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import type { Dialect } from "../../../src/control/store/store.js";
import {
  addPerson,
  addRequest,
  auditActions,
  behind,
  createTestContext,
  dialects,
  nodeActor,
  once,
  outcome,
  someBindingCode,
  type AskingNode,
  type Person,
  type TestContext,
} from "../control-context.js";

const firstPage = { after: undefined, limit: 100 };
type Choice = ApprovalRequest["organization"];

function servicesOf(context: TestContext) {
  const activations = createActivations(context);
  const organizations = createOrganizations(context);
  const codes = createBindingCodes(context);
  const { version } = organizations.agreement;
  return {
    activations,
    organizations,
    codes,
    members: createMembers(context),
    nodes: createNodes(context),
    bindings: createNodeBindings(context),
    create: (id: string, name = "Acme"): Choice => ({ create: { id, name, agreement: version } }),
    found: (person: Person, id: string) => {
      const input = { id, name: "Acme", agreement: version };
      return organizations.create(person, input, once(input));
    },
    codeOf: async (person: Person, org: string) => (await codes.show(person, org)).binding_code,
    approve: (person: Person, node: AskingNode, organization: Choice, changed: Partial<ApprovalRequest> = {}) => {
      const input = { number: node.number, key_thumbprint: node.key.thumbprint, organization, ...changed };
      return activations.approve(person, node.userCode, input, once(input));
    },
  };
}

async function setUp(dialect: Dialect, settings: Parameters<typeof createTestContext>[1] = {}) {
  const context = await createTestContext(dialect, settings);
  return { context, ...servicesOf(context) };
}

/** Everything an approval writes, counted. */
async function traces({ store }: TestContext) {
  const count = async (table: "nodes" | "bindings" | "organizations" | "memberships") =>
    (
      await store.db
        .selectFrom(table)
        .select((e) => e.fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow()
    ).n;
  return {
    nodes: await count("nodes"),
    bindings: await count("bindings"),
    organizations: await count("organizations"),
    memberships: await count("memberships"),
  };
}

async function stateOf({ store }: TestContext, node: AskingNode): Promise<string> {
  const row = await store.db
    .selectFrom("device_requests")
    .select("state")
    .where("id", "=", node.requestId)
    .executeTakeFirstOrThrow();
  return row.state;
}

describe.each(dialects)("activations on %s", (dialect) => {
  test("what asks is shown, with a warning where it asks from elsewhere", async () => {
    const { context, activations, found } = await setUp(dialect);
    const ann = await addPerson(context);
    await found(ann, "acme");
    const node = await addRequest(context, { address: "198.51.100.7", expected_org: "acme" });
    const shown = await activations.show(ann, node.userCode.toLowerCase().replace("-", " "));
    expect(shown).toMatchObject({
      user_code: node.userCode,
      state: "pending",
      node: { id: node.nodeId, key_thumbprint: node.key.thumbprint, name: "builder", version: "0.1.0", os: "linux" },
      address: "198.51.100.7",
      address_differs: true,
      expected_org_is_yours: true,
    });
    const near = await activations.show({ ...ann, address: "198.51.100.7" }, node.userCode);
    expect(near.address_differs).toBe(false);
    const outside = await activations.show(await addPerson(context), node.userCode);
    expect(JSON.stringify(outside)).not.toContain("acme");
    expect(outside.expected_org_is_yours).toBeUndefined();
  });

  test("an approval that creates leaves organization, node and binding, with one entry each", async () => {
    const { context, approve, create, bindings, nodes, activations } = await setUp(dialect);
    const ann = await addPerson(context);
    const node = await addRequest(context);
    const answer = await approve(ann, node, create("acme"));
    expect(answer).toMatchObject({
      node_id: node.nodeId,
      organization: { id: "acme", name: "Acme" },
      role: "administrator",
    });
    expect(await bindings.read(nodeActor(node))).toEqual({
      state: "bound",
      binding_id: answer.binding_id,
      node_id: node.nodeId,
      organization: { id: "acme", name: "Acme" },
      control_plane_id: context.controlPlaneId,
      bound_at: expect.stringMatching(/Z$/),
    });
    expect((await nodes.list(ann, "acme", firstPage)).items).toMatchObject([
      { id: node.nodeId, binding_id: answer.binding_id, state: "never_connected", bound_by: { name: ann.name } },
    ]);
    expect((await activations.show(ann, node.userCode)).state).toBe("approved");
    expect([...(await auditActions(context, "acme"))].sort()).toEqual([
      "activation.approved",
      "node.bound",
      "org.created",
    ]);
  });

  test("an approval with one's own organization, or by joining with the code, binds to it", async () => {
    const { context, approve, found, codeOf, members } = await setUp(dialect);
    const [ann, bob] = [await addPerson(context), await addPerson(context)];
    await found(ann, "acme");
    const first = await approve(ann, await addRequest(context), { use: { id: "acme" } });
    expect(first).toMatchObject({ organization: { id: "acme" }, role: "administrator" });
    const second = await approve(bob, await addRequest(context), { join: { binding_code: await codeOf(ann, "acme") } });
    expect(second).toMatchObject({ organization: { id: "acme" }, role: "member" });
    expect((await members.list(bob, "acme", firstPage)).items).toHaveLength(2);
    const actions = [...(await auditActions(context, "acme"))];
    expect(actions.filter((action) => action === "node.bound")).toHaveLength(2);
    expect(actions.filter((action) => action === "member.joined")).toHaveLength(1);
  });

  test("a refusal leaves the request pending and nothing behind it", async () => {
    const { context, approve, create, found, codeOf, codes } = await setUp(dialect);
    const [ann, eve] = [await addPerson(context), await addPerson(context)];
    await found(ann, "acme");
    const old = await codeOf(ann, "acme");
    await codes.refresh(ann, "acme", once());
    const before = await traces(context);
    const node = await addRequest(context);
    const refusals: readonly [string, Choice, Partial<ApprovalRequest>?][] = [
      ["node_mismatch", create("mine"), { key_thumbprint: generateKeyPair().thumbprint }],
      ["node_mismatch", create("mine"), { key_thumbprint: "" }],
      ["org_id_taken", create("acme")],
      ["org_id_invalid", create("x".repeat(10_000))],
      ["org_id_reserved", create("admin")],
      ["org_name_invalid", create("mine", "a\u202eb")],
      ["agreement_required", { create: { id: "mine", name: "Mine", agreement: "0" } }],
      ["org_not_found", { use: { id: "acme" } }],
      ["org_not_found", { use: { id: "no-such" } }],
      ["org_not_found", { use: { id: "../etc" } }],
      ["binding_code_invalid", { join: { binding_code: old } }],
      ["binding_code_invalid", { join: { binding_code: someBindingCode() } }],
    ];
    for (const [code, choice, changed] of refusals) {
      expect(await outcome(approve(eve, node, choice, changed)), JSON.stringify(choice).slice(0, 80)).toBe(code);
      expect(await stateOf(context, node)).toBe("pending");
    }
    expect(await traces(context)).toEqual(before);
    expect(await outcome(approve(eve, node, create("mine")))).toBe("ok");
  });

  test("the third wrong number denies, and the right one comes too late", async () => {
    const { context, approve, create, activations } = await setUp(dialect);
    const ann = await addPerson(context);
    const node = await addRequest(context, { number: "07" });
    for (const number of ["7", "08"]) {
      expect(await outcome(approve(ann, node, create("acme"), { number }))).toBe("number_wrong");
      expect(await stateOf(context, node)).toBe("pending");
    }
    await expect(approve(ann, node, create("acme"), { number: "70" })).rejects.toMatchObject({
      code: "number_wrong",
      message: expect.stringContaining("denied"),
    });
    expect(await stateOf(context, node)).toBe("denied");
    expect(await outcome(approve(ann, node, create("acme")))).toBe("activation_decided");
    expect((await activations.show(ann, node.userCode)).state).toBe("denied");
    expect(await auditActions(context)).toEqual(["activation.denied"]);
  });

  test("wrong numbers sent at once are all counted", async () => {
    const { context, approve, create } = await setUp(dialect);
    const ann = await addPerson(context);
    const node = await addRequest(context);
    const outcomes = await Promise.all(
      ["00", "01", "02", "03", "04", "42"].map((number) => outcome(approve(ann, node, create("acme"), { number }))),
    );
    // Whichever came first: three wrong ones at most were looked at, and the node is bound only if the right one was before.
    expect(outcomes.filter((code) => code === "number_wrong").length).toBeLessThanOrEqual(3);
    expect(await stateOf(context, node)).toBe(outcomes.includes("ok") ? "approved" : "denied");
  });

  test("an expired, decided or cancelled request is told apart from one that never was", async () => {
    const { context, approve, create, activations } = await setUp(dialect);
    const ann = await addPerson(context);
    const [expired, denied, cancelled] = [
      await addRequest(context),
      await addRequest(context, { state: "denied" }),
      await addRequest(context, { state: "revoked" }),
    ];
    const terminal = await addRequest(context, { client_id: "jitnode-cli" });
    context.advance(600_001);
    expect(await outcome(activations.show(ann, expired.userCode))).toBe("activation_expired");
    expect(await outcome(approve(ann, expired, create("acme")))).toBe("activation_expired");
    expect(await outcome(approve(ann, denied, create("acme")))).toBe("activation_decided");
    expect(await outcome(activations.show(ann, cancelled.userCode))).toBe("activation_cancelled");
    expect(await outcome(approve(ann, cancelled, create("acme")))).toBe("activation_cancelled");
    expect(await outcome(activations.show(ann, terminal.userCode))).toBe("activation_unknown");
    expect(await outcome(approve(ann, terminal, create("acme")))).toBe("activation_unknown");
    expect(await outcome(activations.show(ann, "BCDF-GHJK"))).toBe("activation_unknown");
    expect(await outcome(activations.show(ann, "not a code"))).toBe("activation_unknown");
  });

  test("five unknown codes are a pause for this person, and for nobody else", async () => {
    const { context, approve, create, activations } = await setUp(dialect);
    const [ann, eve] = [await addPerson(context), await addPerson(context)];
    const node = await addRequest(context);
    for (let n = 0; n < 5; n++) expect(await outcome(activations.show(eve, "BCDF-GHJK"))).toBe("activation_unknown");
    expect(await outcome(activations.show(eve, node.userCode))).toBe("rate_limited");
    expect(await outcome(approve(eve, node, create("evil")))).toBe("rate_limited");
    expect(await outcome(approve(ann, node, create("acme")))).toBe("ok");
  });

  test("five wrong binding codes are a pause, and the request stays pending", async () => {
    const { context, approve, found, codeOf } = await setUp(dialect);
    const [ann, eve] = [await addPerson(context), await addPerson(context)];
    await found(ann, "acme");
    const node = await addRequest(context);
    const guess = () => outcome(approve(eve, node, { join: { binding_code: someBindingCode() } }));
    for (let n = 0; n < 5; n++) expect(await guess()).toBe("binding_code_invalid");
    expect(await outcome(approve(eve, node, { join: { binding_code: await codeOf(ann, "acme") } }))).toBe(
      "rate_limited",
    );
    expect(await stateOf(context, node)).toBe("pending");
  });

  test("a node that accepts one organization goes to no other, and its name is not told", async () => {
    const { context, approve, create, found, codeOf } = await setUp(dialect);
    const [ann, eve] = [await addPerson(context), await addPerson(context)];
    await found(ann, "acme");
    await found(eve, "evil");
    const before = await traces(context);
    const node = await addRequest(context, { expected_org: "acme" });
    for (const choice of [create("evil-two"), { use: { id: "evil" } }] as const) {
      await expect(approve(eve, node, choice)).rejects.toMatchObject({
        code: "org_mismatch",
        message: expect.not.stringContaining("acme"),
      });
    }
    const withCode = approve(eve, node, { join: { binding_code: await codeOf(eve, "evil") } });
    expect(await outcome(withCode)).toBe("binding_code_invalid");
    expect(await traces(context)).toEqual(before);
    expect(await outcome(approve(ann, node, { use: { id: "acme" } }))).toBe("ok");
  });

  test("a bound node is not bound again, and where it is bound is not told", async () => {
    const { context, approve, create } = await setUp(dialect);
    const [ann, eve] = [await addPerson(context), await addPerson(context)];
    const node = await addRequest(context);
    await approve(ann, node, create("secret-org"));
    const again = await addRequest(context, { key: node.key });
    await expect(approve(eve, again, create("evil"))).rejects.toMatchObject({
      code: "node_already_bound",
      message: expect.not.stringContaining("secret-org"),
    });
    expect(await stateOf(context, again)).toBe("pending");
  });

  test("of approvals and denials of one request at once exactly one counts", async () => {
    const { context, approve, create, activations } = await setUp(dialect);
    for (let round = 0; round < 4; round++) {
      const people = [await addPerson(context), await addPerson(context), await addPerson(context)];
      const node = await addRequest(context);
      const denial = { key_thumbprint: node.key.thumbprint };
      const outcomes = await Promise.all(
        people.flatMap((person, n) => [
          outcome(approve(person, node, create(`acme-${round}-${n}`))),
          outcome(activations.deny(person, node.userCode, denial, once(denial))),
        ]),
      );
      expect(outcomes.sort()).toEqual([...Array.from({ length: 5 }, () => "activation_decided"), "ok"]);
      const bound = await context.store.db
        .selectFrom("bindings")
        .selectAll()
        .where("request_id", "=", node.requestId)
        .execute();
      expect(bound).toHaveLength((await stateOf(context, node)) === "approved" ? 1 : 0);
    }
    const { bindings } = await traces(context);
    expect((await auditActions(context)).filter((action) => action === "node.bound")).toHaveLength(bindings);
  });

  test("two activations of one node at once make one binding", async () => {
    const { context, approve, create, bindings } = await setUp(dialect);
    for (let round = 0; round < 4; round++) {
      const [ann, bob] = [await addPerson(context), await addPerson(context)];
      const key = generateKeyPair();
      const first = await addRequest(context, { key });
      // The same key with a second live request, as if the rule of one had a hole.
      const second = await addRequest(context, { key, state: "denied" });
      await context.store.db.schema.dropIndex("device_requests_live").ifExists().execute();
      await context.store.db
        .updateTable("device_requests")
        .set({ state: "pending" })
        .where("id", "=", second.requestId)
        .execute();
      const outcomes = await Promise.all([
        outcome(approve(ann, first, create(`one-${round}`))),
        outcome(approve(bob, second, create(`two-${round}`))),
      ]);
      expect(outcomes.sort()).toEqual(["node_already_bound", "ok"]);
      expect(await bindings.read(nodeActor(first))).toMatchObject({ state: "bound" });
    }
    expect(await traces(context)).toMatchObject({ nodes: 4, bindings: 4, organizations: 4 });
  });

  test("an id that is known with another key is refused", async () => {
    const { context, approve, create } = await setUp(dialect);
    const ann = await addPerson(context);
    const node = await addRequest(context);
    await approve(ann, node, create("acme"));
    // As after a rotation: the id stays, its first key is no longer the current one.
    await context.store.db.updateTable("nodes").set({ thumbprint: generateKeyPair().thumbprint }).execute();
    await context.store.db.updateTable("bindings").set({ ended_at: 1, ended_by: "administrator" }).execute();
    const again = await addRequest(context, { key: node.key });
    expect(await outcome(approve(ann, again, { use: { id: "acme" } }))).toBe("node_mismatch");
  });

  test("a person removed at the same moment either bound the node before or binds nothing", async () => {
    const { context, approve, found, codeOf, members, organizations } = await setUp(dialect);
    const ann = await addPerson(context);
    await found(ann, "acme");
    for (let round = 0; round < 4; round++) {
      const bob = await addPerson(context);
      const input = { binding_code: await codeOf(ann, "acme") };
      await organizations.join(bob, input, once(input));
      const node = await addRequest(context);
      const [approved] = await Promise.all([
        outcome(approve(bob, node, { use: { id: "acme" } })),
        members.remove(ann, "acme", bob.accountId),
      ]);
      expect(["ok", "org_not_found"]).toContain(approved);
      expect(await stateOf(context, node)).toBe(approved === "ok" ? "approved" : "pending");
    }
  });

  test("an unbound node can be activated again and keeps its id", async () => {
    const { context, approve, create, nodes, bindings } = await setUp(dialect);
    const ann = await addPerson(context);
    const node = await addRequest(context);
    const first = await approve(ann, node, create("acme"));
    await nodes.unbind(ann, "acme", node.nodeId);
    expect(await bindings.read(nodeActor(node))).toMatchObject({ state: "unbound", by: "administrator" });
    const second = await approve(ann, await addRequest(context, { key: node.key, node_name: "renamed" }), {
      use: { id: "acme" },
    });
    expect(second.node_id).toBe(first.node_id);
    expect(second.binding_id).not.toBe(first.binding_id);
    expect((await nodes.list(ann, "acme", firstPage)).items).toMatchObject([
      { name: "renamed", id: asNodeId(first.node_id) },
    ]);
  });
});

test("on two replicas approval and denial at once decide once", async () => {
  const first = await createTestContext("postgres");
  const [here, there] = [servicesOf(first), servicesOf(await first.replica())];
  const [ann, bob] = [await addPerson(first), await addPerson(first)];
  for (let round = 0; round < 6; round++) {
    const node = await addRequest(first);
    const outcomes = await Promise.all([
      outcome(here.approve(ann, node, here.create(`acme-${round}`))),
      outcome(there.activations.deny(bob, node.userCode, {}, once({}))),
    ]);
    expect(outcomes.sort()).toEqual(["activation_decided", "ok"]);
  }
});

test("wrong numbers that wait for one another are all counted", async () => {
  const context = await createTestContext("postgres");
  const { approve, create } = servicesOf(context);
  const node = await addRequest(context);
  const hold = (tx: Tx) => tx.db.selectFrom("device_requests").selectAll().forUpdate().execute();
  // Three people: what one of them sends is worked on in turn.
  const people = await Promise.all(
    ["00", "01", "02"].map(async (number) => ({ number, who: await addPerson(context) })),
  );
  const guesses = people.map(
    ({ number, who }) =>
      () =>
        outcome(approve(who, node, create("acme"), { number })),
  );
  expect(await behind(context, hold, guesses)).toEqual(["number_wrong", "number_wrong", "number_wrong"]);
  expect(await stateOf(context, node)).toBe("denied");
});

test("an approval that waits for the removal of its person binds nothing", async () => {
  const context = await createTestContext("postgres");
  const { approve, found, codeOf, organizations } = servicesOf(context);
  const [ann, bob] = [await addPerson(context), await addPerson(context)];
  await found(ann, "acme");
  const input = { binding_code: await codeOf(ann, "acme") };
  await organizations.join(bob, input, once(input));
  const node = await addRequest(context);
  const remove = async (tx: Tx) => {
    await tx.db.selectFrom("organizations").selectAll().forUpdate().execute();
    await tx.db.deleteFrom("memberships").where("account_id", "=", bob.accountId).execute();
  };
  const approval = () => outcome(approve(bob, node, { use: { id: "acme" } }));
  expect(await behind(context, remove, [approval])).toEqual(["org_not_found"]);
  expect(await stateOf(context, node)).toBe("pending");
});
