// The nodes' API through HTTP, by the node's own key.
import { describe, expect, test } from "vitest";
import { signHeartbeat } from "../../../src/identity/proofs.js";
import { asJson, asShape } from "../../../src/protocol/parse.js";
import { heartbeatAnswer, nodeBinding, nodeEvent } from "../../../src/protocol/nodes.js";
import { createActivations } from "../../../src/control/services/activations.js";
import { createOrganizations } from "../../../src/control/services/organizations.js";
import type { Dialect } from "../../../src/control/store/store.js";
import { addRequest, createTestContext, dialects, once } from "../control-context.js";
import { createControlHttp, type Sent } from "../control-http.js";

async function setUp(dialect: Dialect) {
  const context = await createTestContext(dialect);
  const http = await createControlHttp(context);
  const admin = await http.signIn();
  const node = await addRequest(context);
  const input = {
    number: node.number,
    key_thumbprint: node.key.thumbprint,
    organization: { create: { id: "acme", name: "Acme", agreement: createOrganizations(context).agreement.version } },
  };
  const { binding_id } = await createActivations(context).approve(admin.person, node.userCode, input, once(input));
  const unbindAsAdministrator: Sent = { method: "DELETE", path: `/v1/orgs/acme/nodes/${node.nodeId}/binding` };
  return { context, http, admin, node, bindingId: binding_id, caller: await http.asNode(node), unbindAsAdministrator };
}

describe.each(dialects)("the nodes' API on %s", (dialect) => {
  test("a node reads its binding, beats and releases it", async () => {
    const { node, bindingId, caller } = await setUp(dialect);
    const read = async () =>
      asShape(nodeBinding, (await caller.send({ method: "GET", path: "/v1/node/binding" })).body);
    expect(await read()).toMatchObject({ state: "bound", binding_id: bindingId, organization: { id: "acme" } });
    const claims = {
      binding_id: bindingId,
      boot_id: "boot-one",
      seq: 1,
      version: "0.1.0",
      at: "2026-11-22T10:00:00.000Z",
    };
    const heartbeat = { heartbeat: signHeartbeat(node.key, claims) };
    const beat = await caller.send({ method: "POST", path: "/v1/node/heartbeat", body: heartbeat });
    expect(asShape(heartbeatAnswer, beat.body)).toMatchObject({ possible_copy: false });
    const unbind = { method: "POST", path: "/v1/node/unbind", body: { binding_id: bindingId } } as const;
    expect((await caller.send(unbind)).status).toBe(204);
    expect((await caller.send(unbind)).status).toBe(204);
    expect(await read()).toMatchObject({ state: "unbound", binding_id: bindingId, by: "operator" });
    expect((await caller.send({ method: "POST", path: "/v1/node/heartbeat", body: heartbeat })).code).toBe("not_bound");
    expect((await caller.send({ ...unbind, body: { binding_id: "x" } })).code).toBe("invalid_request");
    expect((await caller.send({ ...unbind, body: undefined })).code).toBe("invalid_request");
  });

  test("nobody else has part in it: no token, a person's, or that of a key that never was bound", async () => {
    const { context, http, admin } = await setUp(dialect);
    const stranger = await http.asNode(await addRequest(context));
    for (const operation of http.operations.filter(({ url }) => url.startsWith("/v1/node/"))) {
      const sent: Sent = { method: operation.method as Sent["method"], path: operation.url };
      expect((await http.anybody.send(sent)).code).toBe("sign_in_needed");
      expect((await admin.send(sent)).code).toBe("node_unknown");
      expect((await stranger.send(sent)).code).toBe("node_unknown");
    }
  });

  test("the stream opens with the state, brings the unbind and ends", async () => {
    const { context, admin, node, bindingId, caller, unbindAsAdministrator } = await setUp(dialect);
    const lines = (await caller.stream("/v1/node/events"))[Symbol.asyncIterator]();
    const next = async () => asJson(nodeEvent, (await lines.next()).value ?? "");
    expect(await next()).toMatchObject({ type: "binding", binding: { state: "bound", binding_id: bindingId } });
    const shown = await admin.send({ method: "GET", path: `/v1/orgs/acme/nodes/${node.nodeId}` });
    expect(shown.body).toMatchObject({ state: "connected" });
    const since = context.clock.now();
    const line = next();
    expect((await admin.send(unbindAsAdministrator)).status).toBe(204);
    expect(await line).toMatchObject({ type: "binding", binding: { state: "unbound", by: "administrator" } });
    expect(context.clock.now() - since).toBeLessThan(10_000);
    expect((await lines.next()).done).toBe(true);
  });

  test("a node has three streams at most: the oldest gives way to the newest", async () => {
    const { caller } = await setUp(dialect);
    const opened: AsyncIterator<string>[] = [];
    for (let count = 0; count < 5; count += 1) {
      const lines = (await caller.stream("/v1/node/events"))[Symbol.asyncIterator]();
      await lines.next();
      opened.push(lines);
    }
    const [first, second, third] = opened;
    const ended = async (lines: AsyncIterator<string> | undefined): Promise<boolean> => {
      try {
        return (await lines?.next())?.done === true;
      } catch {
        return true;
      }
    };
    expect(await ended(first)).toBe(true);
    expect(await ended(second)).toBe(true);
    const open = Symbol("open");
    expect(await Promise.race([third?.next(), new Promise((resolve) => setImmediate(() => resolve(open)))])).toBe(open);
  });

  test("the stream ends when the server does", async () => {
    const { http, caller } = await setUp(dialect);
    const lines = (await caller.stream("/v1/node/events"))[Symbol.asyncIterator]();
    await lines.next();
    const [end] = await Promise.all([lines.next(), http.close()]);
    expect(end.done).toBe(true);
  });
});
