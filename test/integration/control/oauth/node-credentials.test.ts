// Nodes by their key: private_key_jwt (RFC 7523, rfc7523bis) with DPoP, and giving up a request.
import { describe, expect, test } from "vitest";
import { nodeIdOf } from "../../../../src/domain/ids.js";
import { generateKeyPair } from "../../../../src/identity/keys.js";
import { addPerson, createTestContext, dialects } from "../../control-context.js";
import {
  approve,
  authenticate,
  bentAssertion,
  generateEcKey,
  knowNode,
  nodeForm,
  poll,
  serve,
  startDevice,
  type AssertionChange,
} from "./client.js";

describe.each(dialects)("nodes on %s", (dialect) => {
  const setUp = async () => {
    const server = await serve(await createTestContext(dialect));
    const key = generateKeyPair();
    return { server, key, nodeId: await knowNode(server, key) };
  };

  test("a known node, bound or not, gets a token for its API", async () => {
    const { server, key, nodeId } = await setUp();
    const { status, body } = await authenticate(server, key, nodeId);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: "DPoP", scope: "node", node_id: nodeId });
    expect(body).not.toHaveProperty("refresh_token");
    const binding = await server.call("GET", "/v1/node/binding", key, String(body["access_token"]));
    expect(binding.body).toMatchObject({ state: "unbound" });
  });

  test("a node's token is no person's, and a person's API refuses it", async () => {
    const { server, key, nodeId } = await setUp();
    const { body } = await authenticate(server, key, nodeId);
    const me = await server.call("GET", "/v1/me", key, String(body["access_token"]));
    expect(me).toMatchObject({ status: 401, body: { code: "sign_in_needed" } });
  });

  test("a node that was never activated is no client", async () => {
    const { server } = await setUp();
    const key = generateKeyPair();
    const { status, body } = await authenticate(server, key, nodeIdOf(key.thumbprint));
    expect([status, body["error"]]).toEqual([400, "invalid_client"]);
  });

  test("an assertion is good once, also when its repeats come at the same time", async () => {
    const { server, key, nodeId } = await setUp();
    const { config, clock } = server.context;
    const assertion = bentAssertion(key, nodeId, config.publicUrl, clock.now(), {});
    const answers = await Promise.all(Array.from({ length: 6 }, () => authenticate(server, key, nodeId, assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const errors = answers.flatMap(({ body }) => ("error" in body ? [body["error"]] : []));
    expect(new Set(errors)).toEqual(new Set(["invalid_client"]));
  });

  test("a nonce is asked for before the assertion is used up", async () => {
    const { server, key, nodeId } = await setUp();
    const { config, clock } = server.context;
    const assertion = bentAssertion(key, nodeId, config.publicUrl, clock.now(), {});
    const asked = await authenticate(server, key, nodeId, assertion, { nonce: undefined });
    expect(asked.body["error"]).toBe("use_dpop_nonce");
    const nonce = String(asked.headers["dpop-nonce"]);
    expect((await authenticate(server, key, nodeId, assertion, { nonce })).status).toBe(200);
  });

  test("a node two hours off is refused with the right time in Date, and then gets in", async () => {
    const { server, key, nodeId } = await setUp();
    const { config, clock } = server.context;
    const wrong = clock.now() + 7_200_000;
    const refused = await authenticate(server, key, nodeId, bentAssertion(key, nodeId, config.publicUrl, wrong, {}));
    expect(refused.body).toMatchObject({ error: "invalid_client" });
    expect(refused.body["error_description"]).toMatch(/Date/);
    const now = Date.parse(String(refused.headers["date"]));
    expect(Math.abs(now - clock.now())).toBeLessThan(5_000);
    const corrected = bentAssertion(key, nodeId, config.publicUrl, now, {});
    expect((await authenticate(server, key, nodeId, corrected)).status).toBe(200);
  });

  test("a node gives up its request by its key alone, and an approved one stays approved", async () => {
    const { server, key } = await setUp();
    const person = await addPerson(server.context);
    const pending = await startDevice(server, nodeForm, key);
    const form = { token: pending.deviceCode, client_id: "jitnode-node" };
    expect((await server.post("/oauth/revoke", form)).body["error"]).toBe("invalid_dpop_proof");
    expect((await server.post("/oauth/revoke", form, generateKeyPair())).body["error"]).toBe("invalid_dpop_proof");
    expect((await server.post("/oauth/revoke", form, key)).status).toBe(200);
    expect((await server.post("/oauth/revoke", form, key)).status).toBe(200);
    expect((await poll(server, "jitnode-node", pending.deviceCode, key)).body["error"]).toBe("invalid_grant");
    const approved = await startDevice(server, nodeForm, key);
    await approve(server, approved, person.accountId);
    expect((await server.post("/oauth/revoke", { token: approved.deviceCode }, key)).status).toBe(200);
    expect((await poll(server, "jitnode-node", approved.deviceCode, key)).status).toBe(200);
  });
});

describe("assertions that are refused", () => {
  const issuer = "http://127.0.0.1:7070";
  const hour = 3600;
  const now = Math.floor(Date.now() / 1000);
  const { privateKey: ecKey } = generateEcKey();
  const cases: readonly (readonly [string, AssertionChange])[] = [
    ["aud is the token endpoint", { claims: { aud: `${issuer}/oauth/token` } }],
    ["aud is an array", { claims: { aud: [issuer] } }],
    ["aud has a slash at its end", { claims: { aud: `${issuer}/` } }],
    ["aud is missing", { claims: { aud: undefined } }],
    ["typ is another", { header: { typ: "JWT" } }],
    ["typ is missing", { header: { typ: undefined } }],
    ["alg is none", { header: { alg: "none" } }],
    ["alg is a MAC", { header: { alg: "HS256" } }],
    ["alg does not fit the key", { header: { alg: "ES256" }, signWith: ecKey }],
    ["kid is another key", { header: { kid: generateKeyPair().thumbprint } }],
    ["it is signed by another key", { signWith: generateKeyPair().privateKey }],
    ["iss differs from sub", { claims: { iss: "JN_2222222222222222" } }],
    ["sub is another node", { claims: { iss: "JN_2222222222222222", sub: "JN_2222222222222222" } }],
    ["it lives too long", { claims: { exp: now + 400 } }],
    ["it has expired", { claims: { iat: now - hour, exp: now - hour + 60 } }],
    ["it lies ahead", { claims: { iat: now + hour, exp: now + hour + 60 } }],
    ["exp is missing", { claims: { exp: undefined } }],
    ["iat is missing", { claims: { iat: undefined } }],
    ["jti is missing", { claims: { jti: undefined } }],
    ["jti is too long", { claims: { jti: "x".repeat(300) } }],
  ];
  test.each(cases)("%s", async (_what, change) => {
    const server = await serve(await createTestContext("sqlite"));
    const key = generateKeyPair();
    const nodeId = await knowNode(server, key);
    const assertion = bentAssertion(key, nodeId, issuer, server.context.clock.now(), change);
    const { status, body } = await authenticate(server, key, nodeId, assertion);
    expect([status, body["error"]]).toEqual([400, "invalid_client"]);
  });

  test("a proof by another key than the node's is refused", async () => {
    const server = await serve(await createTestContext("sqlite"));
    const key = generateKeyPair();
    const nodeId = await knowNode(server, key);
    const { config, clock } = server.context;
    const assertion = bentAssertion(key, nodeId, config.publicUrl, clock.now(), {});
    const { body } = await authenticate(server, generateKeyPair(), nodeId, assertion);
    expect(body["error"]).toBe("invalid_dpop_proof");
  });
});
