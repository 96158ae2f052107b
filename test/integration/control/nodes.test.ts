// Nodes: what an organization sees of them, how bindings end, heartbeats, and the event stream.
import { describe, expect, test } from "vitest";
import { asBindingId, type BindingId } from "../../../src/domain/ids.js";
import { generateKeyPair } from "../../../src/identity/keys.js";
import { signHeartbeat } from "../../../src/identity/proofs.js";
import type { NodeEvent } from "../../../src/protocol/nodes.js";
import { createActivations } from "../../../src/control/services/activations.js";
import { createHeartbeats } from "../../../src/control/services/heartbeats.js";
import { createNodeBindings } from "../../../src/control/services/node-binding.js";
import { nodeEvents } from "../../../src/control/services/node-stream.js";
import { createNodes } from "../../../src/control/services/nodes.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import type { Dialect } from "../../../src/control/store/store.js";
import {
  addPerson,
  addRequest,
  auditActions,
  createTestContext,
  dialects,
  nodeActor,
  once,
  outcome,
  type AskingNode,
  type Person,
  type TestContext,
} from "../control-context.js";

const firstPage = { after: undefined, limit: 100 };

function bindingIdOf(text: string): BindingId {
  const id = asBindingId(text);
  if (id === undefined) throw new Error(`not a binding id: ${text}`);
  return id;
}

/** A node bound to the organization, which is created if need be. */
async function bind(context: TestContext, person: Person, org: string, key = generateKeyPair()) {
  const { agreement } = createOrganizations(context);
  const existing = await context.store.db
    .selectFrom("organizations")
    .select("id")
    .where("id", "=", org)
    .executeTakeFirst();
  const node = await addRequest(context, { key });
  const input = {
    number: node.number,
    key_thumbprint: node.key.thumbprint,
    organization:
      existing === undefined
        ? { create: { id: org, name: "Acme", agreement: agreement.version } }
        : { use: { id: org } },
  };
  const answer = await createActivations(context).approve(person, node.userCode, input, once(input));
  return { ...node, bindingId: bindingIdOf(answer.binding_id) };
}

async function setUp(dialect: Dialect) {
  const context = await createTestContext(dialect);
  const ann = await addPerson(context);
  const node = await bind(context, ann, "acme");
  return { context, ann, node, nodes: createNodes(context), bindings: createNodeBindings(context) };
}

describe.each(dialects)("bindings on %s", (dialect) => {
  test("a key that never was bound is unbound, and says nothing more", async () => {
    const { context, bindings } = await setUp(dialect);
    const stranger = await addRequest(context);
    expect(await bindings.read(nodeActor(stranger))).toEqual({
      state: "unbound",
      node_id: stranger.nodeId,
      control_plane_id: context.controlPlaneId,
    });
  });

  test("an administrator unbinds, the node reads when and by whom, and again is fine", async () => {
    const { context, ann, node, nodes, bindings } = await setUp(dialect);
    const changed: string[] = [];
    const arrived = new Promise<void>((resolve) =>
      context.events.subscribe((event) => {
        if (event.type !== "binding_changed") return;
        changed.push(event.nodeId);
        resolve();
      }),
    );
    await nodes.unbind(ann, "acme", node.nodeId);
    await arrived;
    // On PostgreSQL the news of the binding itself may come as late as this.
    expect(new Set(changed)).toEqual(new Set([node.nodeId]));
    expect(await bindings.read(nodeActor(node))).toMatchObject({
      state: "unbound",
      binding_id: node.bindingId,
      by: "administrator",
      at: expect.stringMatching(/Z$/),
    });
    await nodes.unbind(ann, "acme", node.nodeId);
    await nodes.unbind(ann, "acme", "no such node");
    expect((await nodes.list(ann, "acme", firstPage)).items).toEqual([]);
    expect(await outcome(nodes.show(ann, "acme", node.nodeId))).toBe("node_not_found");
    expect((await auditActions(context)).filter((action) => action === "node.unbound")).toHaveLength(1);
  });

  test("a regular member sees nodes and unbinds none; another organization's administrator sees nothing", async () => {
    const { context, node, nodes } = await setUp(dialect);
    const [bob, eve] = [await addPerson(context), await addPerson(context)];
    const evil = await bind(context, eve, "evil");
    await context.store.db
      .insertInto("memberships")
      .values({ org_id: "acme", account_id: bob.accountId, role: "member", joined_at: 1, joined_by: "code" })
      .execute();
    expect(await nodes.show(bob, "acme", node.nodeId)).toMatchObject({ id: node.nodeId });
    expect(await outcome(nodes.unbind(bob, "acme", node.nodeId))).toBe("administrator_required");
    expect(await outcome(nodes.unbind(bob, "acme", evil.nodeId))).toBe("administrator_required");
    expect(await outcome(nodes.unbind(eve, "acme", node.nodeId))).toBe("org_not_found");
    expect(await outcome(nodes.show(eve, "evil", node.nodeId))).toBe("node_not_found");
    await nodes.unbind(eve, "evil", node.nodeId);
    expect(await nodes.show(bob, "acme", node.nodeId)).toMatchObject({ binding_id: node.bindingId });
  });

  test("a node ends its own binding only, and only the one it names", async () => {
    const { context, ann, node, bindings } = await setUp(dialect);
    const other = await bind(context, ann, "acme");
    await bindings.release(nodeActor(other), node.bindingId);
    expect(await bindings.read(nodeActor(node))).toMatchObject({ state: "bound" });
    await bindings.release(nodeActor(node), node.bindingId);
    await bindings.release(nodeActor(node), node.bindingId);
    expect(await bindings.read(nodeActor(node))).toMatchObject({ state: "unbound", by: "operator" });

    const again = await bind(context, ann, "acme", node.key);
    await bindings.release(nodeActor(node), node.bindingId);
    expect(await bindings.read(nodeActor(node))).toMatchObject({ state: "bound", binding_id: again.bindingId });
    expect((await auditActions(context)).filter((action) => action === "node.unbound")).toHaveLength(1);
  });

  test("operator and administrator at the same moment end it once", async () => {
    const { context, ann, node, nodes, bindings } = await setUp(dialect);
    await Promise.all([
      bindings.release(nodeActor(node), node.bindingId),
      nodes.unbind(ann, "acme", node.nodeId),
      bindings.release(nodeActor(node), node.bindingId),
    ]);
    expect((await auditActions(context)).filter((action) => action === "node.unbound")).toHaveLength(1);
  });

  test("nodes come in pages", async () => {
    const { context, ann, nodes } = await setUp(dialect);
    for (let n = 0; n < 4; n++) await bind(context, ann, "acme");
    const first = await nodes.list(ann, "acme", { after: undefined, limit: 3 });
    const second = await nodes.list(ann, "acme", { after: first.next, limit: 3 });
    expect([...first.items, ...second.items].map((item) => item.id)).toHaveLength(5);
    expect(new Set([...first.items, ...second.items].map((item) => item.id)).size).toBe(5);
    expect(second.next).toBeUndefined();
  });
});

describe.each(dialects)("heartbeats on %s", (dialect) => {
  async function beating() {
    const { context, ann, node, nodes } = await setUp(dialect);
    const heartbeats = createHeartbeats(context);
    const claims = (changed: object = {}) => ({
      binding_id: node.bindingId,
      boot_id: "boot-one",
      seq: 1,
      version: "0.2.0",
      at: "2026-11-22T10:00:00.000Z",
      ...changed,
    });
    const beat = (changed: object = {}, signer = node.key) =>
      heartbeats.receive(nodeActor(node), signHeartbeat(signer, claims(changed)));
    const copyAt = async () => (await nodes.show(ann, "acme", node.nodeId)).possible_copy_at;
    return { context, ann, node, nodes, heartbeats, beat, copyAt };
  }

  test("a heartbeat is remembered, with the version it tells", async () => {
    const { ann, node, nodes, beat } = await beating();
    expect(await nodes.show(ann, "acme", node.nodeId)).toMatchObject({ state: "never_connected", last_seen_at: null });
    expect(await beat()).toMatchObject({ possible_copy: false });
    expect(await nodes.show(ann, "acme", node.nodeId)).toMatchObject({
      state: "offline",
      version: "0.2.0",
      last_seen_at: expect.stringMatching(/Z$/),
    });
  });

  test("retries, gaps and restarts are no copies", async () => {
    const { beat, copyAt } = await beating();
    for (const [boot_id, seq] of [
      ["boot-one", 1],
      ["boot-one", 1],
      ["boot-one", 5],
      ["boot-two", 1],
      ["boot-two", 1],
      ["boot-two", 2],
      ["boot-three", 9],
    ] as const) {
      expect(await beat({ boot_id, seq })).toMatchObject({ possible_copy: false });
    }
    expect(await copyAt()).toBeNull();
  });

  test("a number that was passed, or two boots in turn, is a possible copy, written down once", async () => {
    for (const order of [
      [
        ["boot-one", 5],
        ["boot-one", 4],
        ["boot-one", 6],
        ["boot-one", 3],
      ],
      [
        ["boot-one", 1],
        ["boot-two", 1],
        ["boot-one", 2],
        ["boot-two", 2],
      ],
    ] as const) {
      const { context, beat, copyAt } = await beating();
      const answers = [];
      for (const [boot_id, seq] of order) answers.push((await beat({ boot_id, seq })).possible_copy);
      expect(answers.at(-1)).toBe(true);
      expect(answers[0]).toBe(false);
      expect(await copyAt()).not.toBeNull();
      expect((await auditActions(context, "acme")).filter((action) => action === "node.possible_copy")).toHaveLength(1);
    }
  });

  test("only the node's own key, type and binding count", async () => {
    const { context, ann, node, nodes, heartbeats, beat } = await beating();
    expect(await outcome(beat({}, generateKeyPair()))).toBe("invalid_request");
    expect(await outcome(beat({ seq: 0 }))).toBe("invalid_request");
    expect(await outcome(beat({ binding_id: "JB_1111111111111111" }))).toBe("not_bound");
    const jws = signHeartbeat(node.key, {
      binding_id: node.bindingId,
      boot_id: "boot-one",
      seq: 1,
      version: "1",
      at: "2026-11-22T10:00:00.000Z",
    });
    const [header = "", payload = "", signature = ""] = jws.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    for (const forged of [
      `${none}.${payload}.`,
      `${header}.${payload}.${signature.slice(2)}`,
      "a.b.c",
      "x".repeat(4000),
    ]) {
      expect(await outcome(heartbeats.receive(nodeActor(node), forged)), forged.slice(0, 20)).toBe("invalid_request");
    }
    await nodes.unbind(ann, "acme", node.nodeId);
    expect(await outcome(beat())).toBe("not_bound");
    expect(await outcome(heartbeats.receive(nodeActor(await addRequest(context)), jws))).toBe("node_unknown");
  });

  test("the same heartbeat many times at once is one", async () => {
    const { beat, copyAt } = await beating();
    await Promise.all(Array.from({ length: 5 }, () => beat({ seq: 7 })));
    expect(await copyAt()).toBeNull();
  });
});

describe.each(dialects)("the event stream on %s", (dialect) => {
  function open(context: TestContext, node: AskingNode, options: { expiresAt?: number; pingEvery?: number } = {}) {
    const ended = new AbortController();
    const stream = nodeEvents(context, nodeActor(node, options.expiresAt), {
      signal: ended.signal,
      ...(options.pingEvery === undefined ? {} : { pingEvery: options.pingEvery }),
    });
    return {
      next: async (): Promise<NodeEvent | undefined> => (await stream.next()).value ?? undefined,
      end: () => ended.abort(),
    };
  }

  test("it opens with the full state, tells of an unbind at once and ends with it", async () => {
    const { context, ann, node, nodes } = await setUp(dialect);
    const stream = open(context, node);
    expect(await stream.next()).toMatchObject({
      type: "binding",
      binding: { state: "bound", binding_id: node.bindingId },
    });
    expect(await nodes.show(ann, "acme", node.nodeId)).toMatchObject({ state: "connected" });
    const next = stream.next();
    await nodes.unbind(ann, "acme", node.nodeId);
    expect(await next).toMatchObject({ type: "binding", binding: { state: "unbound", by: "administrator" } });
    expect(await stream.next()).toBeUndefined();
  });

  test("a change between two readings is not missed", async () => {
    const { context, ann, node, nodes } = await setUp(dialect);
    const stream = open(context, node);
    await stream.next();
    await nodes.unbind(ann, "acme", node.nodeId);
    expect(await stream.next()).toMatchObject({ binding: { state: "unbound" } });
  });

  test("it pings, and a ping finds a change whose event was lost", async () => {
    const { context, node } = await setUp(dialect);
    const stream = open(context, node, { pingEvery: 20 });
    await stream.next();
    expect(await stream.next()).toMatchObject({ type: "ping" });
    await context.store.db
      .updateTable("bindings")
      .set({ ended_at: context.clock.now(), ended_by: "operator" })
      .execute();
    const seen: string[] = [];
    for (let event = await stream.next(); event !== undefined; event = await stream.next()) seen.push(event.type);
    expect(seen.at(-1)).toBe("binding");
  });

  test("it closes when the token expires, and when it is ended; the node is then offline", async () => {
    const { context, ann, node, nodes } = await setUp(dialect);
    const expiring = open(context, node, { expiresAt: context.clock.now() + 50 });
    await expiring.next();
    expect(await expiring.next()).toBeUndefined();
    expect(await nodes.show(ann, "acme", node.nodeId)).toMatchObject({ state: "offline" });

    const ended = open(context, node);
    await ended.next();
    const last = ended.next();
    ended.end();
    expect(await last).toBeUndefined();
    expect(await nodes.show(ann, "acme", node.nodeId)).toMatchObject({ state: "offline" });
  });

  test("an old stream that closes late does not disconnect the newer one", async () => {
    const { context, ann, node, nodes } = await setUp(dialect);
    const old = open(context, node);
    await old.next();
    context.advance(1000);
    const newer = open(context, node);
    await newer.next();
    const last = old.next();
    old.end();
    await last;
    expect(await nodes.show(ann, "acme", node.nodeId)).toMatchObject({ state: "connected" });
    newer.end();
    await newer.next();
  });
});

test("an unbind on one replica reaches the stream on the other", async () => {
  const { context, ann, node } = await setUp("postgres");
  const other = await context.replica();
  const ended = new AbortController();
  const stream = nodeEvents(other, nodeActor(node), { signal: ended.signal });
  await stream.next();
  const next = stream.next();
  const since = context.clock.now();
  await createNodes(context).unbind(ann, "acme", node.nodeId);
  expect((await next).value).toMatchObject({ binding: { state: "unbound" } });
  // By the event: the next ping would have come after 25 s.
  expect(context.clock.now() - since).toBeLessThan(10_000);
  ended.abort();
});
