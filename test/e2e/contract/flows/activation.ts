// Activating a node: asked, shown, decided and learnt, each on another replica than the step before.
import { expect, test } from "vitest";
import { seconds, textOf } from "../caller.js";
import { approve, bindNode, createNode, deny, newOrg } from "../node.js";
import { sorted, type World } from "../world.js";

export function activationFlows(world: () => World): void {
  test("a node is bound to an organization that is created for it, and learns it by its key", async () => {
    const { site, ada, newId } = world();
    const id = newId("created");
    const node = createNode(site);
    expect((await node.signIn()).outcome).toBe("invalid_client");
    const asked = await node.ask();
    const pending = await node.poll(asked, { awayFrom: asked.answer });
    expect(pending.outcome).toBe("authorization_pending");

    const shown = await ada.terminal.get(`/v1/activations/${asked.userCode}`, { awayFrom: pending });
    expect(shown.body).toMatchObject({
      state: "pending",
      address: node.caller.address,
      address_differs: true,
      node: { id: node.id, key_thumbprint: node.key.thumbprint, name: "builder", os: "linux x64" },
    });
    const approved = await approve(ada.terminal, node, asked, newOrg(site, id), { awayFrom: shown });
    expect(approved.body).toMatchObject({ node_id: node.id, organization: { id }, role: "administrator" });
    expect((await node.poll(asked, { awayFrom: approved })).body).toMatchObject({ node_id: node.id });

    const key = await node.signIn({ awayFrom: approved });
    const binding = await node.binding({ awayFrom: key });
    expect(binding.body).toMatchObject({
      state: "bound",
      binding_id: approved.body["binding_id"],
      organization: { id, name: `The ${id}` },
    });
  });

  test("a node is bound to an organization that somebody belongs to, or joins by its code", async () => {
    const { site, ada, bob, newId } = world();
    const id = newId("joined");
    const [picked, joined] = [createNode(site), createNode(site)];
    const made = await ada.terminal.post("/v1/orgs", newOrg(site, id).create);
    const asked = await picked.ask({ awayFrom: made });
    const use = await approve(ada.terminal, picked, asked, { use: { id } }, { awayFrom: asked.answer });
    expect(use.body).toMatchObject({ organization: { id }, role: "administrator" });

    const code = await ada.terminal.get(`/v1/orgs/${id}/binding-code`, { awayFrom: use });
    const other = await joined.ask();
    const outside = await approve(bob.terminal, joined, other, { use: { id } });
    expect(outside.outcome).toBe("org_not_found");
    const join = { join: { binding_code: textOf(code.body, "binding_code") } };
    const approved = await approve(bob.terminal, joined, other, join, { awayFrom: code });
    expect(approved.body).toMatchObject({ organization: { id }, role: "member" });
    await joined.signIn({ awayFrom: approved });
    expect((await joined.binding()).body).toMatchObject({ state: "bound", organization: { id } });
  });

  test("a denial holds, and nothing can be decided twice", async () => {
    const { site, ada, newId } = world();
    const node = createNode(site);
    const asked = await node.ask();
    const denied = await deny(ada.terminal, asked, { awayFrom: asked.answer });
    expect(denied.body).toEqual({ user_code: asked.userCode, state: "denied" });
    expect((await node.poll(asked, { awayFrom: denied })).outcome).toBe("access_denied");
    const late = await approve(ada.terminal, node, asked, newOrg(site, newId("late")), { awayFrom: denied });
    expect(late.outcome).toBe("activation_decided");
    expect((await deny(ada.terminal, asked, { awayFrom: late })).outcome).toBe("activation_decided");
  });

  test("wrong numbers are counted wherever they are given; the third one denies", async () => {
    const { site, ada, newId } = world();
    const node = createNode(site);
    const asked = await node.ask();
    const wrong = { ...asked, number: asked.number === "00" ? "01" : "00" };
    let last = asked.answer;
    for (const state of ["pending", "pending", "denied"]) {
      last = await approve(ada.terminal, node, wrong, newOrg(site, newId("guessed")), { awayFrom: last });
      expect([last.status, last.outcome]).toEqual([422, "number_wrong"]);
      const shown = await ada.terminal.get(`/v1/activations/${asked.userCode}`, { awayFrom: last });
      expect(shown.body["state"]).toBe(state);
    }
    expect((await node.poll(asked, { awayFrom: last })).outcome).toBe("access_denied");
    expect((await ada.terminal.get("/v1/orgs")).text).not.toContain("guessed-");
  });

  test("a request is given up by its own key only, and a newer one takes its place", async () => {
    const { site, ada, newId } = world();
    const node = createNode(site);
    const asked = await node.ask();
    expect((await createNode(site).cancel(asked)).outcome).toBe("invalid_dpop_proof");
    const cancelled = await node.cancel(asked, { awayFrom: asked.answer });
    expect(cancelled.status).toBe(200);
    const path = `/v1/activations/${asked.userCode}`;
    expect((await ada.terminal.get(path, { awayFrom: cancelled })).outcome).toBe("activation_cancelled");
    const decisions = [
      await approve(ada.terminal, node, asked, newOrg(site, newId("cancelled")), { awayFrom: cancelled }),
      await deny(ada.terminal, asked, { awayFrom: cancelled }),
    ];
    expect(sorted(decisions)).toEqual(["activation_cancelled", "activation_cancelled"]);

    const older = await node.ask();
    const newer = await node.ask({ awayFrom: older.answer });
    const shown = await ada.terminal.get(`/v1/activations/${older.userCode}`, { awayFrom: newer.answer });
    expect(shown.outcome).toBe("activation_cancelled");
    expect((await node.poll(older, { awayFrom: newer.answer })).outcome).toBe("invalid_grant");
  });

  test("another key, a bound node, another organization than the node's own: each is refused by its name", async () => {
    const { site, ada, newId } = world();
    const [id, other] = [newId("strict"), newId("strict")];
    const bound = await bindNode(site, ada.terminal, newOrg(site, id));
    const again = await bound.ask();
    const terminal = ada.terminal;
    expect((await approve(terminal, createNode(site), again, { use: { id } })).outcome).toBe("node_mismatch");
    expect((await approve(terminal, bound, again, { use: { id } })).outcome).toBe("node_already_bound");
    expect((await approve(terminal, bound, again, { create: { ...newOrg(site, id).create } })).outcome).toBe(
      "org_id_taken",
    );

    const picky = createNode(site);
    const asked = await picky.ask({}, id);
    expect((await terminal.get(`/v1/activations/${asked.userCode}`)).body["expected_org_is_yours"]).toBe(true);
    expect((await approve(terminal, picky, asked, newOrg(site, other))).outcome).toBe("org_mismatch");
    await terminal.post("/v1/orgs", newOrg(site, other).create);
    const foreign = textOf((await terminal.get(`/v1/orgs/${other}/binding-code`)).body, "binding_code");
    const joined = await approve(terminal, picky, asked, { join: { binding_code: foreign } });
    expect(joined.outcome).toBe("binding_code_invalid");
    expect((await approve(terminal, picky, asked, { use: { id } })).outcome).toBe("ok");
  });

  test("an organization that cannot be made is refused with the approval, which can be given again", async () => {
    const { site, ada, newId } = world();
    const node = createNode(site);
    const asked = await node.ask();
    const { create } = newOrg(site, newId("founded"));
    for (const [wrong, outcome] of [
      [{ id: "admin" }, "org_id_reserved"],
      [{ id: "No ID" }, "org_id_invalid"],
      [{ name: "evil\u202ename" }, "org_name_invalid"],
      [{ agreement: "an older one" }, "agreement_required"],
    ] as const) {
      const refused = await approve(ada.terminal, node, asked, { create: { ...create, ...wrong } });
      expect(refused.outcome).toBe(outcome);
      expect((await node.poll(asked, { awayFrom: refused })).outcome).toMatch(/^(authorization_pending|slow_down)$/);
    }
    const other = { key_thumbprint: createNode(site).key.thumbprint };
    const denied = await ada.terminal.post(`/v1/activations/${asked.userCode}/denial`, other);
    expect(denied.outcome).toBe("node_mismatch");
    expect((await approve(ada.terminal, node, asked, { create })).outcome).toBe("ok");
  });

  test("a node whose clock is two hours off asks, is asked for a nonce, and goes on with it", async () => {
    const { site, ada, newId } = world();
    const node = createNode(site);
    const late = { proof: { issuedAt: seconds() - 2 * 60 * 60 } } as const;
    await expect(node.ask(late)).rejects.toThrow("use_dpop_nonce");
    const asked = await node.ask(late);
    expect((await node.poll(asked, { proof: null })).outcome).toBe("invalid_dpop_proof");
    // The same key without the nonce: a daemon that was started anew.
    const again = createNode(site, node);
    expect((await again.cancel(asked, late)).outcome).toBe("use_dpop_nonce");
    const approved = await approve(ada.terminal, node, asked, newOrg(site, newId("late")));
    expect((await again.poll(asked, { ...late, awayFrom: approved })).body).toMatchObject({ node_id: node.id });
  });

  test("approved and denied at once: one of them holds", async () => {
    const { site, ada, bob, newId } = world();
    for (let round = 0; round < 4; round += 1) {
      const node = createNode(site);
      const asked = await node.ask();
      const [approved, denied] = await Promise.all([
        approve(ada.terminal, node, asked, newOrg(site, newId("raced")), { replica: round }),
        deny(bob.terminal, asked, { replica: round + 1 }),
      ]);
      expect(sorted([approved, denied])).toEqual(["activation_decided", "ok"]);
      const outcome = (await node.poll(asked)).outcome;
      expect(outcome).toBe(approved.status === 200 ? "ok" : "access_denied");
      expect((await node.signIn()).outcome).toBe(approved.status === 200 ? "ok" : "invalid_client");
    }
  });

  test("two activations of one node at once: one request lives, and one binding is made", async () => {
    const { site, ada, bob, newId } = world();
    const node = createNode(site);
    const twin = createNode(site, node);
    const requests = await Promise.all([node.ask({ replica: 0 }), twin.ask({ replica: 1 })]);
    const ids = [newId("twin"), newId("twin")] as const;
    const decided = await Promise.all([
      approve(ada.terminal, node, requests[0], newOrg(site, ids[0]), { replica: 1 }),
      approve(bob.terminal, node, requests[1], newOrg(site, ids[1]), { replica: 0 }),
    ]);
    expect(sorted(decided)).toEqual(["activation_cancelled", "ok"]);

    const third = await node.ask();
    const both = await Promise.all(
      [ada, bob].map(({ terminal }, replica) =>
        approve(terminal, node, third, newOrg(site, newId("twin")), { replica }),
      ),
    );
    expect(sorted(both)).toEqual(["node_already_bound", "node_already_bound"]);
    await node.signIn();
    const winner = decided.findIndex(({ status }) => status === 200);
    expect((await node.binding()).body).toMatchObject({ state: "bound", organization: { id: ids[winner] } });
    const { bindings, audit } = await site.database.read();
    expect(bindings.filter((row) => row["node_id"] === node.id)).toHaveLength(1);
    expect(audit.filter((row) => row["action"] === "node.bound" && row["subject"] === node.id)).toHaveLength(1);
  });

  test("two people approve the same request at once: one binding", async () => {
    const { site, ada, bob, newId } = world();
    const node = createNode(site);
    const asked = await node.ask();
    const both = await Promise.all(
      [ada, bob].map(({ terminal }, replica) =>
        approve(terminal, node, asked, newOrg(site, newId("rivals")), { replica }),
      ),
    );
    expect(sorted(both)).toEqual(["activation_decided", "ok"]);
  });
}
