// What holds for every request: forms and JSON, sizes, methods, headers, addresses, the document.
import { describe, expect, test } from "vitest";
import { createTestContext } from "../control-context.js";
import { serve } from "./oauth/client.js";

describe("the server", () => {
  const form = { "content-type": "application/x-www-form-urlencoded" };

  test("takes forms at the OAuth endpoints and nothing else", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    for (const url of ["/oauth/token", "/oauth/device_authorization", "/oauth/revoke"]) {
      const json = await app.inject({ method: "POST", url, payload: { client_id: "jitnode-cli" } });
      expect([json.statusCode, json.json()]).toMatchObject([415, { error: "invalid_request" }]);
      const twice = await app.inject({ method: "POST", url, headers: form, payload: "client_id=a&client_id=a" });
      expect([twice.statusCode, twice.json()]).toMatchObject([400, { error: "invalid_request" }]);
      expect(twice.headers["cache-control"]).toBe("no-store");
    }
  });

  test("an OAuth request without what it needs says what is missing, in OAuth's form", async () => {
    const { post } = await serve(await createTestContext("sqlite"));
    const token = (fields: Record<string, string>) => post("/oauth/token", fields);
    expect((await token({})).body["error"]).toBe("invalid_request");
    expect((await token({ grant_type: "password" })).body["error"]).toBe("unsupported_grant_type");
    const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    expect((await token({ grant_type })).body["error_description"]).toMatch(/client_id/);
    expect((await token({ grant_type, client_id: "jitnode-cli" })).body["error_description"]).toMatch(/device_code/);
    expect((await token({ grant_type, client_id: "x", device_code: "y" })).body["error"]).toBe("invalid_client");
    expect((await token({ grant_type: "client_credentials" })).body["error"]).toBe("invalid_client");
    expect((await token({ grant_type: "refresh_token", client_id: "jitnode-cli" })).body["error_description"]).toMatch(
      /refresh_token/,
    );
    // An empty parameter is an absent one (RFC 6749 section 3.2).
    expect((await token({ grant_type, client_id: "" })).body["error_description"]).toMatch(/client_id/);
  });

  test("gives headers fifteen seconds, and the whole request thirty", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    expect([app.server.headersTimeout, app.server.requestTimeout]).toEqual([15_000, 30_000]);
  });

  test("refuses what is larger than 64 KiB, in the form of the endpoint", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    const large = "x".repeat(65 * 1024);
    const oauth = await app.inject({ method: "POST", url: "/oauth/token", headers: form, payload: `a=${large}` });
    expect([oauth.statusCode, oauth.json()]).toMatchObject([413, { error: "invalid_request" }]);
    const api = await app.inject({ method: "POST", url: "/v1/orgs", payload: { name: large } });
    expect([api.statusCode, api.json()]).toMatchObject([413, { code: "body_too_large" }]);
  });

  test("answers problems with a request id that is in the header too, and nothing of the request", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    const answer = await app.inject({
      method: "GET",
      url: "/v1/nowhere?secret=abc",
      headers: { "x-request-id": "mine" },
    });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({ code: "not_found", request_id: answer.headers["x-request-id"] });
    expect(answer.payload).not.toContain("abc");
    expect(answer.headers["x-request-id"]).not.toBe("mine");
  });

  test("an address that cannot be decoded is a problem like any other", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    const answer = await app.inject({ method: "GET", url: "/%zz?secret" });
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { code: "invalid_request" }]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.payload).not.toContain("zz");
  });

  test("says which methods an address takes", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    const answer = await app.inject({ method: "PUT", url: "/oauth/token" });
    expect([answer.statusCode, answer.headers["allow"]]).toEqual([405, "POST"]);
    const member = await app.inject({ method: "PATCH", url: "/v1/orgs/acme" });
    expect([member.statusCode, member.headers["allow"]]).toEqual([405, "GET"]);
  });

  test("HEAD is GET without the body where nobody has to be signed in, and stands in no document", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    for (const url of ["/health/live", "/health/live?from=probe", "/health/ready", "/oauth/jwks"]) {
      const [head, get] = [await app.inject({ method: "HEAD", url }), await app.inject({ method: "GET", url })];
      expect([url, head.statusCode, head.payload]).toEqual([url, get.statusCode, ""]);
      expect([200, 503]).toContain(get.statusCode);
      expect(head.headers["content-type"]).toBe(get.headers["content-type"]);
    }
    const signedIn = await app.inject({ method: "HEAD", url: "/v1/me" });
    expect([signedIn.statusCode, signedIn.headers["allow"]]).toEqual([405, "GET"]);
    const document = await app.inject({ method: "GET", url: "/openapi.json" });
    expect([document.statusCode, document.payload.includes('"head"')]).toEqual([200, false]);
  });

  test("a browser that goes nowhere gets a page", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    const answer = await app.inject({ method: "GET", url: "/nowhere", headers: { accept: "text/html" } });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers["content-type"]).toMatch(/^text\/html/);
  });

  test("every answer is strict: no store, no sniffing, no framing, no referrer, and the clock", async () => {
    const server = await serve(await createTestContext("sqlite"));
    server.context.advance(7_200_000);
    for (const url of ["/v1/me", "/oauth/jwks", "/health/live", "/nowhere"]) {
      const { headers } = await server.app.inject({ method: "GET", url });
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
      });
      expect(String(headers["content-security-policy"])).toContain("frame-ancestors 'none'");
      expect(Date.parse(String(headers["date"])) - Date.now()).toBeGreaterThan(7_100_000);
    }
  });

  test("the address comes from X-Forwarded-For only where a trusted proxy says so", async () => {
    const ask = async (trustedProxies: readonly string[], forwarded: string): Promise<string> => {
      const { app, context } = await serve(await createTestContext("sqlite", { trustedProxies }));
      await app.inject({
        method: "POST",
        url: "/oauth/device_authorization",
        remoteAddress: "10.0.0.1",
        headers: { ...form, "x-forwarded-for": forwarded, host: "evil.example" },
        payload: "client_id=jitnode-cli",
      });
      return (await context.store.db.selectFrom("device_requests").select("address").executeTakeFirstOrThrow()).address;
    };
    expect(await ask([], "192.0.2.9")).toBe("10.0.0.1");
    expect(await ask(["10.0.0.0/8"], "192.0.2.9")).toBe("192.0.2.9");
    expect(await ask(["10.0.0.0/8"], "1.1.1.1, 192.0.2.9, 10.0.0.7")).toBe("192.0.2.9");
    expect(await ask(["10.0.0.9"], "192.0.2.9")).toBe("10.0.0.1");
    expect(await ask(["10.0.0.0/8"], "<script>")).toBe("unknown");
  });

  test("links and issuer come from the public URL, whatever Host says", async () => {
    const { app } = await serve(await createTestContext("sqlite", { publicUrl: "https://control.example" }));
    const metadata = await app.inject({
      method: "GET",
      url: "/.well-known/oauth-authorization-server",
      headers: { host: "evil.example" },
    });
    expect(metadata.payload).not.toContain("evil");
    expect(metadata.json()).toMatchObject({
      issuer: "https://control.example",
      token_endpoint: "https://control.example/oauth/token",
    });
    expect(metadata.headers["strict-transport-security"]).toMatch(/max-age/);
  });

  test("the document describes every route of the API, with the schemas that validate", async () => {
    const { app } = await serve(await createTestContext("sqlite"));
    const document = (await app.inject({ method: "GET", url: "/openapi.json" })).json() as {
      openapi: string;
      paths: Record<string, Record<string, { responses: Record<string, unknown>; parameters?: { name: string }[] }>>;
    };
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(operations).toEqual(
      expect.arrayContaining([
        "post /oauth/token",
        "post /oauth/device_authorization",
        "post /v1/activations/{user_code}/approval",
        "get /v1/node/binding",
        "get /v1/node/events",
        "delete /v1/orgs/{org}/members/{account_id}",
        "get /health/ready",
      ]),
    );
    expect(
      operations.filter((operation) => operation.includes("/sign-in") || operation.includes(" /activate")),
    ).toEqual([]);
    expect(Object.keys(document.paths["/oauth/token"]?.["post"]?.responses ?? {})).toEqual([
      "200",
      "400",
      "415",
      "default",
    ]);
    const approval = document.paths["/v1/activations/{user_code}/approval"]?.["post"];
    expect(approval?.parameters?.map(({ name }) => name)).toEqual(["user_code", "Idempotency-Key"]);
  });

  test("a database that is gone makes it unready and unavailable, with nothing about why", async () => {
    const server = await serve(await createTestContext("sqlite"));
    await server.context.store.db.schema.dropTable("metadata").execute();
    const ready = await server.app.inject({ method: "GET", url: "/health/ready" });
    expect([ready.statusCode, ready.json()]).toEqual([503, { ready: false }]);
    await server.context.store.db.schema.dropTable("device_requests").execute();
    const answer = await server.post("/oauth/device_authorization", { client_id: "jitnode-cli" });
    expect(answer).toMatchObject({ status: 500, body: { error: "server_error" } });
    expect(JSON.stringify(answer.body)).not.toContain("device_requests");
  });
});
