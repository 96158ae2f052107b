// Refresh tokens: rotation, the retry window, reuse (RFC 9700 section 4.14), on both databases.
import { describe, expect, test } from "vitest";
import { generateKeyPair } from "../../../../src/identity/keys.js";
import { addPerson, auditActions, createTestContext, dialects } from "../../control-context.js";
import { refresh, serve, signIn } from "./client.js";

const day = 86_400_000;

describe.each(dialects)("refresh on %s", (dialect) => {
  const setUp = async () => {
    const server = await serve(await createTestContext(dialect));
    const person = await addPerson(server.context);
    return { server, person, ...(await signIn(server, person.accountId)) };
  };

  test("each refresh gives a new token, and the new one works", async () => {
    const { server, key, refreshToken } = await setUp();
    const first = await refresh(server, refreshToken, key);
    expect(first).toMatchObject({ status: 200, body: { token_type: "DPoP", scope: "people" } });
    expect(first.body["refresh_token"]).not.toBe(refreshToken);
    const second = await refresh(server, String(first.body["refresh_token"]), key);
    expect(second.status).toBe(200);
    const me = await server.call("GET", "/v1/me", key, String(second.body["access_token"]));
    expect(me.status).toBe(200);
  });

  test("the database holds no token", async () => {
    const { server, accessToken, refreshToken } = await setUp();
    const rows = JSON.stringify(await server.context.store.db.selectFrom("sessions").selectAll().execute());
    expect(rows).not.toContain(refreshToken);
    expect(rows).not.toContain(accessToken);
  });

  test("the previous token within the retry window gives the same successor", async () => {
    const { server, key, refreshToken } = await setUp();
    const first = await refresh(server, refreshToken, key);
    server.context.advance(59_000);
    const again = await refresh(server, refreshToken, key);
    expect(again.body["refresh_token"]).toBe(first.body["refresh_token"]);
    expect((await refresh(server, String(first.body["refresh_token"]), key)).status).toBe(200);
  });

  test("twenty refreshes at once agree on one successor, and the session lives on", async () => {
    const { server, key, refreshToken } = await setUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(server, refreshToken, key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(answers.map(({ body }) => String(body["refresh_token"])));
    expect(successors.size).toBe(1);
    for (const successor of successors) expect((await refresh(server, successor, key)).status).toBe(200);
  });

  test("the previous token later than that ends the family, and says so in the audit log", async () => {
    const { server, key, accessToken, refreshToken } = await setUp();
    const first = await refresh(server, refreshToken, key);
    server.context.advance(61_000);
    expect((await refresh(server, refreshToken, key)).body["error"]).toBe("invalid_grant");
    expect((await refresh(server, String(first.body["refresh_token"]), key)).body["error"]).toBe("invalid_grant");
    expect((await server.call("GET", "/v1/me", key, accessToken)).body["code"]).toBe("session_ended");
    expect(await auditActions(server.context)).toEqual(["session.opened", "session.reuse_detected"]);
  });

  test("a token of an earlier generation ends the family too, even within the retry window of the last one", async () => {
    const { server, key, refreshToken } = await setUp();
    const second = String((await refresh(server, refreshToken, key)).body["refresh_token"]);
    const third = String((await refresh(server, second, key)).body["refresh_token"]);
    expect((await refresh(server, refreshToken, key)).body["error"]).toBe("invalid_grant");
    expect((await refresh(server, third, key)).body["error"]).toBe("invalid_grant");
    expect(await auditActions(server.context)).toContain("session.reuse_detected");
  });

  test("an invented token of the same session changes nothing", async () => {
    const { server, key, refreshToken } = await setUp();
    const second = String((await refresh(server, refreshToken, key)).body["refresh_token"]);
    const third = String((await refresh(server, second, key)).body["refresh_token"]);
    const [id = "", , mac = ""] = third.split(".");
    for (const invented of [`${id}.1.${mac}`, `${id}.2.${mac}`, `${id}.9.${mac}`, `${id}.1`, "x"]) {
      expect((await refresh(server, invented, key)).body["error"]).toBe("invalid_grant");
    }
    expect((await refresh(server, third, key)).status).toBe(200);
  });

  test("another key, or none, gets nothing, and ends nothing", async () => {
    const { server, key, refreshToken } = await setUp();
    expect((await refresh(server, refreshToken, generateKeyPair())).body["error"]).toBe("invalid_grant");
    const form = { grant_type: "refresh_token", client_id: "jitnode-cli", refresh_token: refreshToken };
    expect((await server.post("/oauth/token", form)).body["error"]).toBe("invalid_dpop_proof");
    expect((await server.post("/oauth/token", form, key, { nonce: undefined })).body["error"]).toBe("use_dpop_nonce");
    expect((await server.post("/oauth/token", { ...form, client_id: "jitnode-node" }, key)).body["error"]).toBe(
      "unauthorized_client",
    );
    expect((await refresh(server, refreshToken, key)).status).toBe(200);
  });

  test("a refresh may ask for less, never for more", async () => {
    const { server, person, key, refreshToken } = await setUp();
    const less = await refresh(server, refreshToken, key, { scope: "activate" });
    expect(less.body["scope"]).toBe("activate");
    const small = await signIn(server, person.accountId, "activate");
    expect((await refresh(server, small.refreshToken, small.key, { scope: "people" })).body["error"]).toBe(
      "invalid_scope",
    );
  });

  test("a session ends after 30 idle days, and after 90 days however busy it was", async () => {
    const idle = await setUp();
    idle.server.context.advance(30 * day + 1);
    expect((await refresh(idle.server, idle.refreshToken, idle.key)).body["error"]).toBe("invalid_grant");
    const busy = await setUp();
    let token = busy.refreshToken;
    for (let passed = 0; passed < 80; passed += 20) {
      busy.server.context.advance(20 * day);
      token = String((await refresh(busy.server, token, busy.key)).body["refresh_token"]);
    }
    busy.server.context.advance(10 * day);
    expect((await refresh(busy.server, token, busy.key)).body["error"]).toBe("invalid_grant");
  });

  test("revoking a refresh token ends its session at once; again, and for what is unknown, it is 200 as well", async () => {
    const { server, key, accessToken, refreshToken } = await setUp();
    const form = { token: refreshToken, client_id: "jitnode-cli" };
    expect((await server.post("/oauth/revoke", { ...form, client_id: "jitnode-node" })).status).toBe(200);
    expect((await server.call("GET", "/v1/me", key, accessToken)).status).toBe(200);
    expect((await server.post("/oauth/revoke", form)).status).toBe(200);
    expect((await server.call("GET", "/v1/me", key, accessToken)).body["code"]).toBe("session_ended");
    expect((await refresh(server, refreshToken, key)).body["error"]).toBe("invalid_grant");
    expect((await server.post("/oauth/revoke", form)).status).toBe(200);
    expect((await server.post("/oauth/revoke", { token: "unknown" })).status).toBe(200);
    expect(await auditActions(server.context)).toEqual(["session.opened", "session.revoked"]);
  });

  test("revoking an access token ends its session", async () => {
    const { server, key, accessToken } = await setUp();
    expect((await server.post("/oauth/revoke", { token: accessToken })).status).toBe(200);
    expect((await server.call("GET", "/v1/me", key, accessToken)).body["code"]).toBe("session_ended");
  });
});
