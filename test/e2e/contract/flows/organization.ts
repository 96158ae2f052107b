// Living with an organization: its code, its members, and who may do what; each half on another replica.
import { expect, test } from "vitest";
import { textOf, type Answer } from "../caller.js";
import { bindNode, createNode, newOrg } from "../node.js";
import type { Person } from "../person.js";
import { sorted, type World } from "../world.js";

const codeOf = (answer: Answer): string => textOf(answer.body, "binding_code");

export function organizationFlows(world: () => World): void {
  const found = async (word: string, ...joiners: readonly Person[]): Promise<string> => {
    const { site, ada, newId } = world();
    const id = newId(word);
    const made = await ada.terminal.post("/v1/orgs", newOrg(site, id).create);
    expect([made.status, made.headers.get("location")]).toEqual([201, `/v1/orgs/${id}`]);
    const binding_code = codeOf(await ada.terminal.get(`/v1/orgs/${id}/binding-code`));
    for (const { terminal } of joiners) await terminal.post("/v1/orgs/join", { binding_code });
    return id;
  };

  test("a code that is refreshed here is dead there, at once", async () => {
    const { ada, bob } = world();
    const id = await found("refreshed");
    const path = `/v1/orgs/${id}/binding-code`;
    const shown = await ada.terminal.get(path);
    const refreshed = await ada.terminal.post(`${path}/refresh`, {}, { awayFrom: shown });
    const old = await bob.terminal.post("/v1/orgs/join", { binding_code: codeOf(shown) }, { awayFrom: refreshed });
    expect([old.status, old.outcome]).toEqual([422, "binding_code_invalid"]);
    const seen = await ada.terminal.get(path, { awayFrom: refreshed });
    expect(seen.body).toEqual(refreshed.body);
    const joined = await bob.terminal.post("/v1/orgs/join", { binding_code: codeOf(seen) }, { awayFrom: refreshed });
    expect(joined.body).toMatchObject({ id, role: "member", members: 2 });
    // Any member may see and refresh it.
    const byBob = await bob.terminal.post(`${path}/refresh`, {}, { awayFrom: joined });
    expect(byBob.body).toMatchObject({ organization_id: id, refreshed_by: bob.accountId });
    expect(codeOf(byBob)).not.toBe(codeOf(refreshed));
  });

  test("joining with the right code of another organization than the expected one joins nothing", async () => {
    const { ada, bob } = world();
    const id = await found("expected");
    const binding_code = codeOf(await ada.terminal.get(`/v1/orgs/${id}/binding-code`));
    const wrong = await bob.terminal.post("/v1/orgs/join", { binding_code, expected_org: "another-one" });
    expect(wrong.outcome).toBe("binding_code_invalid");
    expect((await bob.terminal.get(`/v1/orgs/${id}`, { awayFrom: wrong })).outcome).toBe("org_not_found");
    const right = await bob.terminal.post("/v1/orgs/join", { binding_code, expected_org: id });
    expect(right.outcome).toBe("ok");
  });

  test("who is removed here is outside there, and so is the code they knew", async () => {
    const { site, ada, bob } = world();
    const id = await found("removed", bob);
    const path = `/v1/orgs/${id}`;
    const known = codeOf(await bob.terminal.get(`${path}/binding-code`));
    const page = await ada.terminal.get(`${path}/members?limit=1`);
    const rest = await ada.terminal.get(`${path}/members?limit=1&after=${textOf(page.body, "next")}`, {
      awayFrom: page,
    });
    const members = [page, rest].flatMap(({ body }) => body["items"] as readonly { account_id: string }[]);
    expect(new Set(members.map(({ account_id }) => account_id))).toEqual(new Set([ada.accountId, bob.accountId]));

    const bobs = `${path}/members/${bob.accountId}`;
    const forbidden = await bob.terminal.remove(`${path}/members/${ada.accountId}`);
    expect([forbidden.status, forbidden.outcome]).toEqual([403, "administrator_required"]);
    const unbinding = await bob.terminal.remove(`${path}/nodes/${createNode(site).id}/binding`);
    expect(unbinding.outcome).toBe("administrator_required");
    const removed = await ada.terminal.remove(bobs, { awayFrom: forbidden });
    expect(removed.body).toEqual({ removed: bob.accountId, binding_code_refreshed: true });
    expect((await bob.terminal.get(path, { awayFrom: removed })).outcome).toBe("org_not_found");
    const back = await bob.terminal.post("/v1/orgs/join", { binding_code: known }, { awayFrom: removed });
    expect(back.outcome).toBe("binding_code_invalid");
    expect((await ada.terminal.remove(bobs, { awayFrom: removed })).status).toBe(204);
  });

  test("an organization keeps an administrator, also when two remove each other at once", async () => {
    const { site, ada, bob } = world();
    for (let round = 0; round < 3; round += 1) {
      const id = await found("rivals", bob);
      const of = ({ accountId }: Person): string => `/v1/orgs/${id}/members/${accountId}`;
      expect((await ada.terminal.remove(of(ada))).outcome).toBe("last_administrator");
      // Promoting is a later issue's command.
      await site.database.promote(id, bob.accountId);
      const both = await Promise.all([
        ada.terminal.remove(of(bob), { replica: round }),
        bob.terminal.remove(of(ada), { replica: round + 1 }),
      ]);
      expect(sorted(both)).toEqual(["ok", "org_not_found"]);
      const { memberships } = await site.database.read();
      expect(memberships.filter((row) => row["org_id"] === id)).toMatchObject([{ role: "administrator" }]);
    }
  });

  test("who was removed cannot have the answer to their creation again", async () => {
    const { site, ada, bob, newId } = world();
    const id = newId("repeated");
    const create = newOrg(site, id).create;
    const idempotencyKey = `creation-of-${id}`;
    const made = await bob.terminal.post("/v1/orgs", create, { idempotencyKey });
    const again = await bob.terminal.post("/v1/orgs", create, { idempotencyKey, awayFrom: made });
    expect([again.status, again.text]).toEqual([201, made.text]);
    const binding_code = codeOf(await bob.terminal.get(`/v1/orgs/${id}/binding-code`));
    await ada.terminal.post("/v1/orgs/join", { binding_code });
    await site.database.promote(id, ada.accountId);
    await ada.terminal.remove(`/v1/orgs/${id}/members/${bob.accountId}`);
    const late = await bob.terminal.post("/v1/orgs", create, { idempotencyKey });
    expect([late.status, late.outcome]).toEqual([404, "org_not_found"]);
  });

  test("ids and names that cannot be are refused by what is wrong with them, and nothing is made", async () => {
    const { site, ada } = world();
    const id = await found("named");
    const good = newOrg(site, `${id}-more`).create;
    for (const [wrong, outcome] of [
      [{ id }, "org_id_taken"],
      [{ id: "admin" }, "org_id_reserved"],
      [{ id: "A B" }, "org_id_invalid"],
      [{ id: "a".repeat(10_000) }, "org_id_invalid"],
      [{ id: "a".repeat(30_000) }, "invalid_request"],
      [{ name: "line\nbreak" }, "org_name_invalid"],
      [{ name: "evil\u202ename" }, "org_name_invalid"],
      [{ name: "x".repeat(81) }, "org_name_invalid"],
      [{ name: "   " }, "org_name_invalid"],
      [{ agreement: "0".repeat(64) }, "agreement_required"],
      [{ more: "than asked" }, "invalid_request"],
    ] as const) {
      const answer = await ada.terminal.post("/v1/orgs", { ...good, ...wrong });
      expect([answer.outcome, JSON.stringify(wrong).slice(0, 40)]).toEqual([outcome, expect.any(String)]);
      expect(answer.text).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
    expect((await ada.terminal.get(`/v1/orgs/${id}-more`)).outcome).toBe("org_not_found");
  });

  test("to somebody outside nothing of an organization is there", async () => {
    const { site, ada, bob } = world();
    const id = await found("closed");
    const node = await bindNode(site, ada.terminal, { use: { id } });
    const answers: Answer[] = [];
    for (const org of [id, "never-made"]) {
      const path = `/v1/orgs/${org}`;
      const { get, post, remove } = bob.terminal;
      answers.push(
        await get(path),
        await get(`${path}/binding-code`),
        await get(`${path}/members`),
        await get(`${path}/nodes`),
        await get(`${path}/nodes/${node.id}`),
        await post(`${path}/binding-code/refresh`, {}),
        await remove(`${path}/members/${ada.accountId}`),
        await remove(`${path}/nodes/${node.id}/binding`),
      );
    }
    const told = answers.map(({ body }) => ({ ...body, request_id: "" }));
    expect(new Set(told.map((body) => JSON.stringify(body))).size).toBe(1);
    expect(told[0]).toMatchObject({ status: 404, code: "org_not_found" });
    expect((await node.binding()).body["state"]).toBe("bound");
  });
}
