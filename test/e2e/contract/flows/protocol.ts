// What replicas must agree on without asking each other: proofs, nonces, repeats, limits, signing keys.
import { decodeJwt, decodeProtectedHeader } from "jose";
import { expect, test } from "vitest";
import { runControl } from "../../../support/programs.js";
import { textOf } from "../caller.js";
import { bindNode, newOrg } from "../node.js";
import { createPerson, createTerminal, refresh } from "../person.js";
import type { World } from "../world.js";

export function protocolFlows(world: () => World): void {
  test("a proof that was used here is refused there", async () => {
    const { site, ada, newId } = world();
    const id = newId("proven");
    await ada.terminal.post("/v1/orgs", newOrg(site, id).create);
    const { caller } = ada.terminal;
    const proof = { jti: `jti of ${id}`, nonce: caller.nonce() ?? "" };
    const path = `/v1/orgs/${id}/binding-code/refresh`;
    const first = await ada.terminal.post(path, {}, { proof, idempotencyKey: `refresh-of-${id}` });
    const replayed = await ada.terminal.post(path, {}, { proof, idempotencyKey: `refresh-of-${id}`, awayFrom: first });
    expect([first.status, replayed.outcome]).toEqual([200, "dpop_proof_invalid"]);
    expect(replayed.headers.get("www-authenticate")).toContain('error="invalid_dpop_proof"');

    const node = site.stranger();
    const ask = { method: "POST", path: "/oauth/device_authorization", proof: { jti: proof.jti } } as const;
    const form = { client_id: "jitnode-node", node_name: "n", node_version: "1", node_os: "x" };
    const asked = await node.send({ ...ask, form });
    expect((await node.send({ ...ask, form, awayFrom: asked })).outcome).toBe("invalid_dpop_proof");
  });

  test("a nonce made here is taken there, an invented one nowhere", async () => {
    const { ada } = world();
    const given = await ada.terminal.get("/v1/me");
    const nonce = given.headers.get("dpop-nonce") ?? "";
    const taken = await ada.terminal.get("/v1/me", { proof: { nonce }, awayFrom: given });
    expect(taken.status).toBe(200);
    const invented = await ada.terminal.get("/v1/me", { proof: { nonce: "invented" } });
    expect(invented.outcome).toBe("dpop_nonce_required");
    expect(invented.headers.get("www-authenticate")).toContain('error="use_dpop_nonce"');
    const { caller, refreshToken } = await ada.signIn("people");
    expect((await refresh(caller, refreshToken, { proof: { nonce: "invented" } })).outcome).toBe("use_dpop_nonce");
  });

  test("a request that is repeated there is done once, also when both come at once", async () => {
    const { site, ada, newId } = world();
    const id = newId("once");
    const create = newOrg(site, id).create;
    const idempotencyKey = `creation-of-${id}`;
    const both = await Promise.all(
      [0, 1].map((replica) => ada.terminal.post("/v1/orgs", create, { idempotencyKey, replica })),
    );
    const later = await ada.terminal.post("/v1/orgs", create, { idempotencyKey, awayFrom: both[0] });
    for (const answer of [...both, later]) expect([answer.status, answer.text]).toEqual([201, later.text]);
    const { audit } = await site.database.read();
    expect(audit.filter((row) => row["action"] === "org.created" && row["subject"] === id)).toHaveLength(1);

    const path = `/v1/orgs/${id}/binding-code/refresh`;
    const refreshed = await ada.terminal.post(path, {}, { idempotencyKey });
    const again = await ada.terminal.post(path, {}, { idempotencyKey, awayFrom: refreshed });
    expect(again.text).toBe(refreshed.text);
    const other = await ada.terminal.post(path, { more: 1 }, { idempotencyKey, awayFrom: again });
    expect([other.status, other.outcome]).toEqual([422, "idempotency_key_reused"]);
  });

  test("limits count on both: the sixty-first request of an address in an hour, the sixth wrong code", async () => {
    const { site, newId } = world();
    const caller = site.stranger();
    const ask = { method: "POST", path: "/oauth/device_authorization", form: { client_id: "jitnode-cli" } } as const;
    const answers = [];
    for (let sent = 0; sent < 61; sent += 1) answers.push(await caller.send({ ...ask, replica: sent }));
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 60 }, () => 200), 429]);
    const last = answers.at(-1);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(3000);
    expect((await caller.send({ ...ask, awayFrom: last })).outcome).toBe("temporarily_unavailable");

    const guesser = await createPerson(site, newId("guesser"));
    let wrong = await guesser.terminal.get("/v1/me");
    for (const expected of ["binding_code_invalid", "rate_limited"]) {
      const tries = expected === "rate_limited" ? 2 : 5;
      for (let sent = 0; sent < tries; sent += 1) {
        const guess = { binding_code: "BCDF-GHJK-LMNP-W" };
        wrong = await guesser.terminal.post("/v1/orgs/join", guess, { awayFrom: wrong });
        expect(wrong.outcome).toBe(expected);
      }
    }
    expect(wrong.headers.get("retry-after")).toMatch(/^[0-9]+$/);
  });

  test("signing keys change while all run: old tokens stay good, new ones are made with the new key everywhere", async () => {
    const { site, ada, newId } = world();
    const [control] = site.controls;
    if (control === undefined) throw new Error("a site has a control plane");
    const old = await ada.signIn("people");
    const node = await bindNode(site, ada.terminal, newOrg(site, newId("rotated")));
    expect((await runControl(["keys", "rotate"], { env: control.env })).code).toBe(0);

    const kid = (token: string): string => String(decodeProtectedHeader(token).kid);
    let last = await old.get("/v1/me");
    const kids = new Set<string>();
    let { refreshToken } = old;
    for (let turn = 0; turn < 2; turn += 1) {
      last = await refresh(old.caller, refreshToken, { awayFrom: last });
      const renewed = createTerminal(old.caller, last);
      refreshToken = renewed.refreshToken;
      kids.add(kid(renewed.accessToken));
      expect(decodeJwt(renewed.accessToken).iss).toBe(site.url);
      // Either token, at either replica.
      for (const { get } of [old, renewed]) {
        for (const replica of [0, 1]) expect((await get("/v1/me", { replica })).status).toBe(200);
      }
      expect((await node.binding({ replica: turn })).status).toBe(200);
      expect(textOf((await node.signIn({ replica: turn })).body, "node_id")).toBe(node.id);
      const jwks = await site.stranger().send({ method: "GET", path: "/oauth/jwks", replica: turn, proof: null });
      expect((jwks.body["keys"] as readonly { kid: string }[]).map((key) => key.kid)).toEqual(
        expect.arrayContaining([kid(old.accessToken), kid(renewed.accessToken)]),
      );
    }
    expect([...kids]).toEqual([expect.not.stringMatching(kid(old.accessToken))]);
  });
}
