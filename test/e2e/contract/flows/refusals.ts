// What every operation refuses alike, taken from the document itself: nobody's requests, sessions that may not, accounts
// that were disabled, things that are not there, parameters nobody asked for, keys used twice, limits that are reached.
import { beforeAll, expect, test } from "vitest";
import { runControl } from "../../../support/programs.js";
import type { Answer, Caller, Sent } from "../caller.js";
import { bindNode, createNode, newOrg, type LightNode } from "../node.js";
import { createPerson, type Person, type Terminal } from "../person.js";
import type { World } from "../world.js";

type Operation = {
  readonly name: string;
  readonly method: Sent["method"];
  readonly template: string;
  /** `people`, `activate`, `node`, or nobody in particular. */
  readonly caller: string;
  readonly statuses: ReadonlySet<string>;
};

const form = "application/x-www-form-urlencoded";

export function refusalFlows(world: () => World): void {
  let operations: readonly Operation[] = [];
  let id = "";
  let node: LightNode & { readonly bindingId: string };
  let pending: string;

  beforeAll(async () => {
    const { site, ada, newId } = world();
    id = newId("refusing");
    node = await bindNode(site, ada.terminal, newOrg(site, id));
    pending = (await createNode(site).ask()).userCode;
    operations = Object.entries(site.contract.document.paths).flatMap(([template, item]) =>
      Object.entries(item).map(([method, operation]): Operation => ({
        name: `${method.toUpperCase()} ${template}`,
        method: method.toUpperCase() as Sent["method"],
        template,
        caller: operation["x-caller"] ?? "public",
        statuses: new Set(Object.keys(operation.responses)),
      })),
    );
  });

  const path = ({ template }: Operation, values: Readonly<Record<string, string>> = {}): string => {
    const given: Readonly<Record<string, string>> = {
      org: id,
      user_code: pending,
      account_id: world().bob.accountId,
      node_id: node.id,
      id: "no-such-session",
      ...values,
    };
    return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? ""));
  };

  const withStatus = (status: string, ...callers: readonly string[]): readonly Operation[] =>
    operations.filter((each) => each.statuses.has(status) && (callers.length === 0 || callers.includes(each.caller)));

  const send = (
    { caller, accessToken: token }: Pick<Terminal, "caller" | "accessToken">,
    { method }: Operation,
    to: string,
  ): Promise<Answer> => caller.send({ method, path: to, token });

  const nodeToken = async (): Promise<{ readonly caller: Caller; readonly accessToken: string }> => ({
    caller: node.caller,
    accessToken: String((await node.signIn()).body["access_token"]),
  });

  test("without a token, with a foreign one, with one of the other kind: 401", async () => {
    const { site, ada } = world();
    const ofNode = await nodeToken();
    const secured = withStatus("401");
    expect(secured.map(({ caller }) => caller)).not.toContain("public");
    const stranger = site.stranger();
    for (const operation of secured) {
      const to = path(operation);
      const bare = await stranger.send({ method: operation.method, path: to, proof: null });
      expect([operation.name, bare.outcome]).toEqual([operation.name, "sign_in_needed"]);
      expect(bare.headers.get("www-authenticate")).toMatch(/^DPoP algs=/);
      const bearer = { authorization: `Bearer ${ada.terminal.accessToken}` };
      const sent = { method: operation.method, path: to, headers: bearer };
      expect((await stranger.send(sent)).outcome).toBe("sign_in_needed");
      const other = operation.caller === "node" ? ada.terminal : ofNode;
      expect((await send(other, operation, to)).outcome).toMatch(/^(sign_in_needed|node_unknown)$/);
    }
  });

  test("with a token, but without a proof of its key, without a nonce of ours, or after its session: 401", async () => {
    const { ada } = world();
    const ended = await ada.signIn("people");
    await ended.caller.send({ method: "POST", path: "/oauth/revoke", form: { token: ended.refreshToken } });
    const ofNode = await nodeToken();
    for (const operation of withStatus("401")) {
      const { caller, accessToken: token } = operation.caller === "node" ? ofNode : ada.terminal;
      const sent = { method: operation.method, path: path(operation), token };
      expect((await caller.send({ ...sent, proof: null })).outcome).toBe("dpop_proof_invalid");
      expect((await caller.send({ ...sent, proof: { nonce: "invented" } })).outcome).toBe("dpop_nonce_required");
      if (operation.caller === "node") continue;
      expect((await send(ended, operation, path(operation))).outcome).toBe("session_ended");
    }
  });

  test("a session for activating may not do what `people` is for: 403", async () => {
    const terminal = await world().ada.signIn("activate");
    const operations = withStatus("403", "people");
    expect(operations.length).toBeGreaterThan(8);
    for (const operation of operations) {
      const answer = await send(terminal, operation, path(operation));
      expect([operation.name, answer.status, answer.outcome]).toEqual([operation.name, 403, "scope_insufficient"]);
    }
    expect((await terminal.get("/v1/orgs")).status).toBe(200);
  });

  test("a disabled account may do nothing from that moment on, and all again when it is enabled", async () => {
    const { site, newId } = world();
    const [control] = site.controls;
    const person = await createPerson(site, newId("disabled"));
    const run = (what: string) => runControl(["account", what, person.login], { env: control?.env ?? {} });
    expect((await run("disable")).code).toBe(0);
    for (const operation of withStatus("403", "people", "activate")) {
      const answer = await send(person.terminal, operation, path(operation));
      expect([operation.name, answer.status, answer.outcome]).toEqual([operation.name, 403, "account_disabled"]);
    }
    expect((await person.browser.get("/")).path).toBe("/sign-in");
    expect((await run("enable")).code).toBe(0);
    expect((await person.terminal.get("/v1/me")).outcome).toMatch(/^(ok|session_ended)$/);
  });

  test("what is not there: 404, also where the address can be nothing at all", async () => {
    const { ada } = world();
    // POST /v1/orgs has its own test: there it is a repeat that comes too late.
    for (const operation of withStatus("404").filter(({ template }) => template !== "/v1/orgs")) {
      for (const name of ["never-made", "x".repeat(65), "..%2f..", "\u202e"]) {
        const to = path(operation, { org: name, user_code: "BCDF-GHJK", id: "x".repeat(65) });
        const body = { number: "00", key_thumbprint: "x".repeat(43), organization: { use: { id } } };
        const json = operation.template.endsWith("/approval") ? body : operation.method === "POST" ? {} : undefined;
        const { caller, accessToken: token } = ada.terminal;
        const answer = await caller.send({ method: operation.method, path: to, token, json });
        // Guessing codes is limited: ada's guesses are forgotten after a right one.
        if (to.includes("/activations/")) await ada.terminal.get(`/v1/activations/${pending}`);
        expect([operation.name, answer.status]).toEqual([operation.name, 404]);
      }
    }
  });

  test("a parameter nobody asked for, and a body that is no JSON or no form: 400", async () => {
    const { site, ada } = world();
    const people = ada.terminal;
    const ofNode = await nodeToken();
    for (const operation of operations) {
      const by = operation.caller === "node" ? ofNode : operation.caller === "public" ? undefined : people;
      const caller = by?.caller ?? site.stranger();
      const common = { method: operation.method, token: by?.accessToken } as const;
      const extra = await caller.send({ ...common, path: `${path(operation)}?unexpected=1` });
      if (operation.template.startsWith("/health/")) {
        expect([operation.name, extra.status]).toEqual([operation.name, 200]);
        continue;
      }
      expect([operation.name, extra.status, extra.outcome]).toEqual([operation.name, 400, "invalid_request"]);
      if (operation.method === "GET") continue;
      const oauth = operation.template.startsWith("/oauth/");
      const raw = oauth ? { type: form, body: "client_id=a&client_id=b" } : { type: "application/json", body: "{not" };
      const broken = await caller.send({ ...common, path: path(operation), raw });
      expect([operation.name, broken.status, broken.outcome]).toEqual([operation.name, 400, "invalid_request"]);
      const foreign = { type: oauth ? "application/json" : form, body: oauth ? "{}" : "a=b" };
      const other = await caller.send({ ...common, path: path(operation), raw: foreign });
      expect([operation.name, other.status]).toEqual([operation.name, 415]);
    }
  });

  test("a page of a list is asked for within its bounds", async () => {
    const { ada } = world();
    for (const query of ["limit=0", "limit=1001", "limit=ten", `after=${"x".repeat(129)}`]) {
      for (const to of ["/v1/orgs", `/v1/orgs/${id}/members`, `/v1/orgs/${id}/nodes`]) {
        expect((await ada.terminal.get(`${to}?${query}`)).outcome).toBe("invalid_request");
      }
    }
  });

  test("what changes something wants a key, and that key for one request only", async () => {
    const { site, ada, newId } = world();
    const { post } = ada.terminal;
    const [approved, denied] = [createNode(site), createNode(site)];
    const [first, second] = [await approved.ask(), await denied.ask()];
    const code = await ada.terminal.get(`/v1/orgs/${id}/binding-code`);
    const numbered = { number: first.number, key_thumbprint: approved.key.thumbprint, organization: { use: { id } } };
    const created = newOrg(site, newId("keyed")).create;
    const requests = [
      [`/v1/activations/${first.userCode}/approval`, numbered, { ...numbered, number: "xx" }],
      [`/v1/activations/${second.userCode}/denial`, {}, { key_thumbprint: denied.key.thumbprint }],
      ["/v1/orgs", created, { ...created, name: "Another" }],
      ["/v1/orgs/join", { binding_code: code.body["binding_code"] }, { binding_code: "another" }],
      [`/v1/orgs/${id}/binding-code/refresh`, {}, { another: "body" }],
    ] as const;
    expect(requests).toHaveLength(withStatus("422").length);
    for (const [to, body, other] of requests) {
      for (const idempotencyKey of [null, "short", "x".repeat(129)]) {
        expect((await post(to, body, { idempotencyKey })).outcome).toBe("idempotency_key_required");
      }
      const idempotencyKey = `the only key of ${to}`.replaceAll(" ", "-");
      const done = await post(to, body, { idempotencyKey });
      expect([to, done.outcome]).toEqual([to, "ok"]);
      const again = await post(to, body, { idempotencyKey, awayFrom: done });
      expect([again.status, again.text]).toEqual([done.status, done.text]);
      const reused = await post(to, other, { idempotencyKey, awayFrom: again });
      expect([to, reused.status, reused.outcome]).toEqual([to, 422, "idempotency_key_reused"]);
    }
  });

  test("after five wrong user codes the same person at the same address waits; somebody else does not", async () => {
    const { site, ada, newId } = world();
    const person: Person = await createPerson(site, newId("guesser"));
    const { get, post } = person.terminal;
    for (let wrong = 0; wrong < 5; wrong += 1) {
      expect((await get("/v1/activations/BCDF-GHJK")).outcome).toBe("activation_unknown");
    }
    const asked = createNode(site);
    const { userCode, number } = await asked.ask();
    const body = { number, key_thumbprint: asked.key.thumbprint, organization: { use: { id } } };
    const refused = [
      await get(`/v1/activations/${userCode}`),
      await post(`/v1/activations/${userCode}/approval`, body),
      await post(`/v1/activations/${userCode}/denial`, {}),
    ];
    for (const answer of refused) {
      expect([answer.status, answer.outcome]).toEqual([429, "rate_limited"]);
      expect(answer.body["retry_after"]).toBe(Number(answer.headers.get("retry-after")));
    }
    expect((await ada.terminal.get(`/v1/activations/${userCode}`)).status).toBe(200);
    expect((await get("/v1/orgs")).status).toBe(200);
  });

  test("twenty organizations an hour are enough", async () => {
    const { site, newId } = world();
    const person = await createPerson(site, newId("founder"));
    const outcomes: string[] = [];
    for (let made = 0; made < 21; made += 1) {
      outcomes.push((await person.terminal.post("/v1/orgs", newOrg(site, newId("many")).create)).outcome);
    }
    expect(outcomes).toEqual([...Array.from({ length: 20 }, () => "ok"), "rate_limited"]);
  });

  test("sixty refreshed binding codes an hour are enough", async () => {
    const { site, newId } = world();
    const { post } = (await createPerson(site, newId("refresher"))).terminal;
    const own = newId("refreshed");
    await post("/v1/orgs", newOrg(site, own).create);
    for (let refreshed = 0; refreshed < 60; refreshed += 1) {
      expect((await post(`/v1/orgs/${own}/binding-code/refresh`, {})).outcome).toBe("ok");
    }
    const refused = await post(`/v1/orgs/${own}/binding-code/refresh`, {});
    expect([refused.status, refused.outcome]).toEqual([429, "rate_limited"]);
    expect(refused.body["retry_after"]).toBe(Number(refused.headers.get("retry-after")));
  });

  test("the OAuth endpoints say in OAuth's words what is wrong", async () => {
    const { site } = world();
    const stranger = site.stranger();
    for (const [to, fields, outcome] of [
      ["device_authorization", {}, "invalid_request"],
      ["device_authorization", { client_id: "somebody" }, "invalid_client"],
      ["device_authorization", { client_id: "jitnode-cli", scope: "node" }, "invalid_scope"],
      ["device_authorization", { client_id: "jitnode-node", node_name: "a\u202eb" }, "invalid_request"],
      ["device_authorization", { client_id: "jitnode-node", node_name: "n", node_os: "\u001b[2J" }, "invalid_request"],
      ["token", { grant_type: "password" }, "unsupported_grant_type"],
      ["token", { grant_type: "refresh_token", client_id: "jitnode-node", refresh_token: "x" }, "unauthorized_client"],
      ["token", { grant_type: "refresh_token", client_id: "jitnode-cli", refresh_token: "x" }, "invalid_grant"],
      ["token", { grant_type: "client_credentials", client_assertion: "x.y.z" }, "invalid_client"],
      ["revoke", {}, "invalid_request"],
    ] as const) {
      const answer = await stranger.send({ method: "POST", path: `/oauth/${to}`, form: fields });
      expect([to, JSON.stringify(fields), answer.status, answer.outcome]).toEqual([
        to,
        JSON.stringify(fields),
        400,
        outcome,
      ]);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
    const { caller, refreshToken } = await world().ada.signIn("activate");
    const more = {
      grant_type: "refresh_token",
      client_id: "jitnode-cli",
      refresh_token: refreshToken,
      scope: "people",
    };
    expect((await caller.send({ method: "POST", path: "/oauth/token", form: more })).outcome).toBe("invalid_scope");
    const unknown = await stranger.send({ method: "POST", path: "/oauth/revoke", form: { token: "unknown" } });
    expect([unknown.status, unknown.text]).toEqual([200, ""]);
  });

  test("public documents are public", async () => {
    const stranger = world().site.stranger();
    for (const to of [
      "/.well-known/oauth-authorization-server",
      "/oauth/jwks",
      "/v1/agreement",
      "/health/live",
      "/health/ready",
    ]) {
      const answer = await stranger.send({ method: "GET", path: to, proof: null });
      expect([to, answer.status]).toEqual([to, 200]);
    }
  });
}
