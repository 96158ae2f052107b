// A bound node: its stream, its heartbeats, and the ends of its binding; each half on another replica.
import { expect, test } from "vitest";
import { bindNode, createNode, newOrg } from "../node.js";
import type { World } from "../world.js";

const shown = (body: object): Readonly<Record<string, unknown>> => body as Record<string, unknown>;

export function nodeFlows(world: () => World): void {
  test("an administrator's unbind reaches the stream that is open on the other replica", async () => {
    const { site, ada, newId } = world();
    const id = newId("streamed");
    const node = await bindNode(site, ada.terminal, newOrg(site, id));
    const events = await node.events();
    expect(await events.next()).toMatchObject({ type: "binding", binding: { binding_id: node.bindingId } });

    const path = `/v1/orgs/${id}/nodes/${node.id}`;
    const connected = await ada.terminal.get(path, { awayFrom: events });
    expect(connected.body).toMatchObject({ id: node.id, state: "connected", binding_id: node.bindingId });
    const listed = await ada.terminal.get(`/v1/orgs/${id}/nodes?limit=1`, { awayFrom: connected });
    expect(listed.body["items"]).toEqual([connected.body]);

    const unbound = await ada.terminal.remove(`${path}/binding`, { awayFrom: events });
    expect(unbound.status).toBe(204);
    const ended = { state: "unbound", binding_id: node.bindingId, by: "administrator" };
    expect(await events.next()).toMatchObject({ type: "binding", binding: ended });
    expect(await events.next()).toBeUndefined();
    expect((await node.binding({ awayFrom: unbound })).body).toMatchObject(ended);
    expect((await ada.terminal.get(path, { awayFrom: unbound })).outcome).toBe("node_not_found");
    expect((await ada.terminal.remove(`${path}/binding`, { awayFrom: unbound })).status).toBe(204);
  });

  test("its operator's unbind holds everywhere, and may be said again", async () => {
    const { site, ada, newId } = world();
    const id = newId("released");
    const node = await bindNode(site, ada.terminal, newOrg(site, id));
    const released = await node.release(node.bindingId);
    expect(released.status).toBe(204);
    const binding = await node.binding({ awayFrom: released });
    expect(binding.body).toMatchObject({ state: "unbound", binding_id: node.bindingId, by: "operator" });
    expect((await node.release(node.bindingId, { awayFrom: released })).status).toBe(204);
    const path = `/v1/orgs/${id}/nodes/${node.id}`;
    expect((await ada.terminal.get(path, { awayFrom: released })).outcome).toBe("node_not_found");

    // The same key, bound anew: another binding, which the old one's id does not end.
    const again = createNode(site, node);
    const asked = await again.ask();
    const body = { number: asked.number, key_thumbprint: node.key.thumbprint, organization: { use: { id } } };
    const approved = await ada.terminal.post(`/v1/activations/${asked.userCode}/approval`, body);
    expect(approved.body["node_id"]).toBe(node.id);
    await node.release(node.bindingId, { awayFrom: approved });
    expect((await node.binding()).body).toMatchObject({ state: "bound", binding_id: approved.body["binding_id"] });
  });

  test("heartbeats count on, whoever takes them, and two that take turns are noticed", async () => {
    const { site, ada, newId } = world();
    const id = newId("alive");
    const node = await bindNode(site, ada.terminal, newOrg(site, id));
    const beat = { bindingId: node.bindingId, bootId: "boot-one" };
    let last = await node.beat({ ...beat, seq: 1 });
    for (const seq of [2, 2, 3]) {
      last = await node.beat({ ...beat, seq }, { awayFrom: last });
      expect(last.body).toMatchObject({ possible_copy: false });
    }
    const path = `/v1/orgs/${id}/nodes/${node.id}`;
    expect(shown((await ada.terminal.get(path, { awayFrom: last })).body)).toMatchObject({ possible_copy_at: null });

    last = await node.beat({ ...beat, bootId: "boot-two", seq: 1 }, { awayFrom: last });
    expect(last.body).toMatchObject({ possible_copy: false });
    last = await node.beat({ ...beat, seq: 4 }, { awayFrom: last });
    expect(last.body).toMatchObject({ possible_copy: true });
    const suspected = await ada.terminal.get(path, { awayFrom: last });
    expect(suspected.body["possible_copy_at"]).toEqual(expect.any(String));

    const other = await bindNode(site, ada.terminal, { use: { id } });
    const forged = await other.beat({ ...beat, seq: 9 });
    expect([forged.status, forged.outcome]).toEqual([409, "not_bound"]);
    const stolen = { heartbeat: "eyJhbGciOiJub25lIn0.e30." };
    const unsigned = await other.caller.send({ method: "POST", path: "/v1/node/heartbeat", json: stolen });
    expect(unsigned.outcome).toBe("sign_in_needed");
    await other.release(other.bindingId);
    expect((await other.beat({ ...beat, bindingId: other.bindingId, seq: 1 })).outcome).toBe("not_bound");
  });
}
