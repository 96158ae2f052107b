// The device grant (RFC 8628) of both clients, on both databases.
import { describe, expect, test } from "vitest";
import { generateKeyPair } from "../../../../src/identity/keys.js";
import { addPerson, auditActions, createTestContext, dialects } from "../../control-context.js";
import { approve, knowNode, nodeForm, poll, serve, startDevice } from "./client.js";

const terminal = { client_id: "jitnode-cli", scope: "people" } as const;

describe.each(dialects)("device grant on %s", (dialect) => {
  const setUp = async (settings = {}) => serve(await createTestContext(dialect, settings));

  test("a request has codes, a number that stands in no link, and the interval", async () => {
    const server = await setUp();
    const { status, body, headers } = await server.post("/oauth/device_authorization", nodeForm, generateKeyPair());
    expect(status).toBe(200);
    expect(headers["cache-control"]).toBe("no-store");
    expect(body).toMatchObject({ expires_in: 600, interval: 5, verification_uri: "http://127.0.0.1:7070/activate" });
    expect(body["user_code"]).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    expect(body["number"]).toMatch(/^[0-9]{2}$/);
    expect(body["verification_uri_complete"]).toBe(`http://127.0.0.1:7070/activate?code=${String(body["user_code"])}`);
  });

  test("the database holds neither code in the clear", async () => {
    const server = await setUp();
    const started = await startDevice(server, terminal);
    const rows = JSON.stringify(await server.context.store.db.selectFrom("device_requests").selectAll().execute());
    expect(rows).not.toContain(started.deviceCode);
    expect(rows).not.toContain(started.userCode);
    expect(rows).not.toContain(started.userCode.replace("-", ""));
  });

  test("a terminal polls, is approved, and gets tokens bound to its key", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, terminal);
    expect((await poll(server, "jitnode-cli", started.deviceCode)).body["error"]).toBe("authorization_pending");
    await approve(server, started, person.accountId);
    const { status, body } = await poll(server, "jitnode-cli", started.deviceCode, key);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: "DPoP", expires_in: 600, scope: "people" });
    const me = await server.call("GET", "/v1/me", key, String(body["access_token"]));
    expect(me.status).toBe(200);
    expect(me.body["account"]).toMatchObject({ id: person.accountId });
    expect(await auditActions(server.context)).toEqual(["session.opened"]);
  });

  test("without a scope a terminal gets the least, and it lives an hour", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, { client_id: "jitnode-cli" });
    await approve(server, started, person.accountId);
    const { body } = await poll(server, "jitnode-cli", started.deviceCode, key);
    expect(body["scope"]).toBe("activate");
    const token = String(body["access_token"]);
    expect((await server.call("GET", "/v1/me/sessions", key, token)).body["code"]).toBe("scope_insufficient");
    const { expires_at: end, created_at: begin } = await server.context.store.db
      .selectFrom("sessions")
      .select(["expires_at", "created_at"])
      .executeTakeFirstOrThrow();
    expect(end - begin).toBe(3_600_000);
  });

  test("a node gets an access token and its id, and no refresh token", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, nodeForm, key);
    const nodeId = await knowNode(server, key);
    await approve(server, started, person.accountId);
    const { status, body } = await poll(server, "jitnode-node", started.deviceCode, key);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: "DPoP", scope: "node", node_id: nodeId });
    expect(body).not.toHaveProperty("refresh_token");
    const binding = await server.call("GET", "/v1/node/binding", key, String(body["access_token"]));
    expect(binding.body).toMatchObject({ state: "unbound", node_id: nodeId });
  });

  test("who polls early is slowed down, by a stored interval that grows to a minute", async () => {
    const server = await setUp();
    const { deviceCode } = await startDevice(server, terminal);
    const error = async () => (await poll(server, "jitnode-cli", deviceCode)).body["error"];
    expect(await error()).toBe("authorization_pending");
    server.context.advance(2_000);
    expect(await error()).toBe("slow_down");
    server.context.advance(5_000);
    expect(await error()).toBe("slow_down");
    server.context.advance(14_500);
    // 15 seconds by now, and half a second early is forgiven.
    expect(await error()).toBe("authorization_pending");
    for (let count = 0; count < 12; count += 1) expect(await error()).toBe("slow_down");
    const row = await server.context.store.db.selectFrom("device_requests").selectAll().executeTakeFirstOrThrow();
    expect(row.interval_ms).toBe(60_000);
  });

  test("an approved request is given out however early it is asked for", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, terminal);
    await poll(server, "jitnode-cli", started.deviceCode);
    await approve(server, started, person.accountId);
    expect((await poll(server, "jitnode-cli", started.deviceCode, key)).status).toBe(200);
  });

  test("denied, expired, unknown and foreign codes have their own answers", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const denied = await startDevice(server, terminal);
    await approve(server, denied, person.accountId, "denied");
    expect((await poll(server, "jitnode-cli", denied.deviceCode)).body["error"]).toBe("access_denied");
    const late = await startDevice(server, terminal);
    server.context.advance(600_000);
    expect((await poll(server, "jitnode-cli", late.deviceCode)).body["error"]).toBe("expired_token");
    expect((await poll(server, "jitnode-cli", "no-such-code-at-all-anywhere")).body["error"]).toBe("invalid_grant");
    const key = generateKeyPair();
    const node = await startDevice(server, nodeForm, key);
    expect((await poll(server, "jitnode-cli", node.deviceCode, key)).body["error"]).toBe("invalid_grant");
  });

  test("a node's request is bound to its key: another key, or none, gets nothing", async () => {
    const server = await setUp();
    const { deviceCode } = await startDevice(server, nodeForm, generateKeyPair());
    expect((await poll(server, "jitnode-node", deviceCode, generateKeyPair())).body["error"]).toBe("invalid_grant");
    expect((await poll(server, "jitnode-node", deviceCode)).body["error"]).toBe("invalid_dpop_proof");
    expect((await server.post("/oauth/device_authorization", nodeForm)).body["error"]).toBe("invalid_dpop_proof");
  });

  test("a terminal's request belongs to the key of its first proof", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, terminal);
    expect((await poll(server, "jitnode-cli", started.deviceCode, key)).body["error"]).toBe("authorization_pending");
    await approve(server, started, person.accountId);
    expect((await poll(server, "jitnode-cli", started.deviceCode, generateKeyPair())).body["error"]).toBe(
      "invalid_grant",
    );
    expect((await poll(server, "jitnode-cli", started.deviceCode)).body["error"]).toBe("invalid_dpop_proof");
    expect((await poll(server, "jitnode-cli", started.deviceCode, key)).status).toBe(200);
  });

  test("a nonce is demanded only of the poll that would succeed, and costs no approval", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, terminal);
    const without = { nonce: undefined };
    expect((await poll(server, "jitnode-cli", started.deviceCode, key, without)).body["error"]).toBe(
      "authorization_pending",
    );
    await approve(server, started, person.accountId);
    const asked = await poll(server, "jitnode-cli", started.deviceCode, key, without);
    expect(asked).toMatchObject({ status: 400, body: { error: "use_dpop_nonce" } });
    const nonce = String(asked.headers["dpop-nonce"]);
    expect((await poll(server, "jitnode-cli", started.deviceCode, key, { nonce })).status).toBe(200);
  });

  test("a lost answer: within the retry window the same key gets an equal grant, another key and later nothing", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, terminal);
    await approve(server, started, person.accountId);
    const first = await poll(server, "jitnode-cli", started.deviceCode, key);
    const again = await poll(server, "jitnode-cli", started.deviceCode, key);
    expect(again.status).toBe(200);
    expect(again.body["refresh_token"]).toBe(first.body["refresh_token"]);
    expect((await poll(server, "jitnode-cli", started.deviceCode, generateKeyPair())).body["error"]).toBe(
      "invalid_grant",
    );
    server.context.advance(61_000);
    expect((await poll(server, "jitnode-cli", started.deviceCode, key)).body["error"]).toBe("invalid_grant");
    expect(await auditActions(server.context)).toEqual(["session.opened"]);
  });

  test("twenty polls at once open one session", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const key = generateKeyPair();
    const started = await startDevice(server, terminal);
    await approve(server, started, person.accountId);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => poll(server, "jitnode-cli", started.deviceCode, key)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body["refresh_token"])).size).toBe(1);
    expect(await server.context.store.db.selectFrom("sessions").select("id").execute()).toHaveLength(1);
  });

  test("one live request per node key: a newer one ends the earlier, also when both come at once", async () => {
    const server = await setUp();
    const key = generateKeyPair();
    const first = await startDevice(server, nodeForm, key);
    await startDevice(server, nodeForm, key);
    expect((await poll(server, "jitnode-node", first.deviceCode, key)).body["error"]).toBe("invalid_grant");
    const answers = await Promise.all(Array.from({ length: 8 }, () => startDevice(server, nodeForm, key)));
    const pending = await server.context.store.db
      .selectFrom("device_requests")
      .select("id")
      .where("state", "=", "pending")
      .execute();
    expect(pending).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.userCode)).size).toBe(8);
  });

  test("a disabled account's approval opens no session", async () => {
    const server = await setUp();
    const person = await addPerson(server.context);
    const started = await startDevice(server, terminal);
    await approve(server, started, person.accountId);
    await server.context.store.db.updateTable("accounts").set({ disabled_at: 1 }).execute();
    const { body } = await poll(server, "jitnode-cli", started.deviceCode, generateKeyPair());
    expect(body["error"]).toBe("access_denied");
  });

  test("the 61st request of an address within an hour is refused, with Retry-After; another address is not", async () => {
    const server = await setUp();
    for (let count = 0; count < 60; count += 1) await startDevice(server, terminal);
    const refused = await server.post("/oauth/device_authorization", terminal);
    expect(refused).toMatchObject({ status: 429, body: { error: "temporarily_unavailable" } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(3_500);
    const elsewhere = await server.post("/oauth/device_authorization", terminal, undefined, { address: "192.0.2.2" });
    expect(elsewhere.status).toBe(200);
    server.context.advance(3_600_000);
    expect((await server.post("/oauth/device_authorization", terminal)).status).toBe(200);
  });
});

describe("what a device request may say", () => {
  const long = "x".repeat(65);
  test.each([
    ["a name with a right-to-left override", { node_name: "a\u202eb" }, "invalid_request", /node_name/],
    ["a name with a control character", { node_name: "a\u0007" }, "invalid_request", /node_name/],
    ["no name", { node_name: "" }, "invalid_request", /node_name/],
    ["a version that is too long", { node_version: long }, "invalid_request", /node_version/],
    ["an operating system beyond ASCII", { node_os: "ліnux" }, "invalid_request", /node_os/],
    ["an expected organization that is none", { expected_org: "Not An ID" }, "invalid_request", /expected_org/],
    ["another scope", { scope: "people" }, "invalid_scope", /scope/],
    ["another client", { client_id: "somebody" }, "invalid_client", /client/],
  ])("%s is refused and says why", async (_what, change, error, words) => {
    const server = await serve(await createTestContext("sqlite"));
    const answer = await server.post("/oauth/device_authorization", { ...nodeForm, ...change }, generateKeyPair());
    expect(answer).toMatchObject({ status: 400, body: { error } });
    expect(answer.body["error_description"]).toMatch(words);
  });

  test("a node two hours off is told to use a nonce, and with it gets its codes", async () => {
    const server = await serve(await createTestContext("sqlite"));
    const key = generateKeyPair();
    const at = server.context.clock.now() - 7_200_000;
    const first = await server.post("/oauth/device_authorization", nodeForm, key, { at, nonce: undefined });
    expect(first).toMatchObject({ status: 400, body: { error: "use_dpop_nonce" } });
    expect(Date.parse(String(first.headers["date"]))).toBeGreaterThan(at + 7_000_000);
    const nonce = String(first.headers["dpop-nonce"]);
    expect((await server.post("/oauth/device_authorization", nodeForm, key, { at, nonce })).status).toBe(200);
  });

  test("a proof is good for one request", async () => {
    const server = await serve(await createTestContext("sqlite"));
    const key = generateKeyPair();
    const options = { jti: "the-same-one-twice" };
    expect((await server.post("/oauth/device_authorization", nodeForm, key, options)).status).toBe(200);
    const again = await server.post("/oauth/device_authorization", nodeForm, key, options);
    expect(again.body["error"]).toBe("invalid_dpop_proof");
  });
});
