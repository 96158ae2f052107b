// Keys at rest: rotation of signing keys, and a new master key for the whole database, on both databases.
import { decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../src/platform/random.js";
import { asBindingCode } from "../../../src/domain/codes.js";
import { announce } from "../../../src/control/key-check.js";
import { createBindingCode } from "../../../src/domain/codes.js";
import { createSecrets } from "../../../src/control/services/secrets.js";
import { createSigningKeys } from "../../../src/control/services/signing-keys.js";
import { rewrap } from "../../../src/control/services/rewrap.js";
import { sealContext } from "../../../src/control/services/seal-contexts.js";
import { initMetadata, keyCheckName } from "../../../src/control/store/metadata.js";
import { addPerson, auditActions, createTestContext, dialects, outcome, type TestContext } from "../control-context.js";
import { approve, poll, refresh, serve, signIn, startDevice, type Server } from "./oauth/client.js";

const random = createRandom();
const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid;

const rotate = (context: TestContext): Promise<string> => {
  const keys = createSigningKeys({ ...context, accessTokenTtl: context.config.accessTokenTtl });
  return context.store.transaction((tx) => keys.rotate(tx));
};

const publishedKids = async (server: Server): Promise<readonly string[]> => {
  const response = await server.app.inject({ method: "GET", url: "/oauth/jwks" });
  return (response.json() as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};

describe.each(dialects)("signing keys on %s", (dialect) => {
  test("a rotation holds for a running server at once; the old key stays until its last token has expired", async () => {
    const server = await serve(await createTestContext(dialect));
    const person = await addPerson(server.context);
    const before = await signIn(server, person.accountId);
    const made = await rotate(server.context);
    const after = await signIn(server, person.accountId);
    expect(kidOf(after.accessToken)).toBe(made);
    expect(kidOf(before.accessToken)).not.toBe(made);
    expect(await publishedKids(server)).toEqual([made, kidOf(before.accessToken)]);
    expect((await server.call("GET", "/v1/me", before.key, before.accessToken)).status).toBe(200);
    expect((await server.call("GET", "/v1/me", after.key, after.accessToken)).status).toBe(200);
    server.context.advance(600_000);
    expect(await publishedKids(server)).toHaveLength(2);
    server.context.advance(61_000);
    expect(await publishedKids(server)).toEqual([made]);
  });

  test("servers that start at once on an empty database agree on one key", async () => {
    const context = await createTestContext(dialect);
    const many = Array.from({ length: 6 }, () => createSigningKeys({ ...context, accessTokenTtl: 600 }).current());
    expect(new Set((await Promise.all(many)).map(({ kid }) => kid)).size).toBe(1);
  });

  test("private keys are sealed", async () => {
    const context = await createTestContext(dialect);
    await createSigningKeys({ ...context, accessTokenTtl: 600 }).current();
    const row = await context.store.db.selectFrom("signing_keys").selectAll().executeTakeFirstOrThrow();
    expect(row.private_encrypted).not.toContain('"d"');
    expect(context.secrets.unseal(row.private_encrypted, sealContext.signingKey(row.kid))).toContain('"d"');
    expect(() => context.secrets.unseal(row.private_encrypted, sealContext.signingKey("other"))).toThrow();
  });
});

describe.each(dialects)("a new master key on %s", (dialect) => {
  const setUp = async () => {
    const context = await createTestContext(dialect);
    await initMetadata(context.store, keyCheckName, context.secrets.check);
    return { context, server: await serve(context), next: createSecrets(random.bytes(32)) };
  };
  const under = async (context: TestContext, secrets: TestContext["secrets"]): Promise<Server> =>
    serve({ ...context, secrets });

  test("sessions go on: their refresh tokens are renewed under the new key", async () => {
    const { context, server, next } = await setUp();
    const person = await addPerson(context);
    const session = await signIn(server, person.accountId);
    await rewrap(context, next);
    const restarted = await under(context, next);
    expect((await restarted.call("GET", "/v1/me", session.key, session.accessToken)).status).toBe(200);
    const renewed = await refresh(restarted, session.refreshToken, session.key);
    expect(renewed.status).toBe(200);
    expect((await refresh(restarted, String(renewed.body["refresh_token"]), session.key)).status).toBe(200);
  });

  test("an answer lost just before the rewrap is not lost for good", async () => {
    const { context, server, next } = await setUp();
    const person = await addPerson(context);
    const session = await signIn(server, person.accountId);
    await refresh(server, session.refreshToken, session.key);
    await rewrap(context, next);
    const restarted = await under(context, next);
    const again = await refresh(restarted, session.refreshToken, session.key);
    expect(again.status).toBe(200);
    expect((await refresh(restarted, String(again.body["refresh_token"]), session.key)).status).toBe(200);
  });

  test("binding codes stay the same and are found again; pending requests end, approved ones go on", async () => {
    const { context, server, next } = await setUp();
    const person = await addPerson(context);
    const code = createBindingCode((limit) => random.below(limit));
    const { db } = context.store;
    await db
      .insertInto("organizations")
      .values({
        id: "acme",
        name: "Acme",
        created_at: 1,
        created_by: person.accountId,
        agreement_version: "",
        agreement_at: 1,
        deleted_at: null,
      })
      .execute();
    await db
      .insertInto("binding_codes")
      .values({
        id: "c1",
        org_id: "acme",
        lookup: context.secrets.lookup("binding_code", code),
        encrypted: context.secrets.seal(code, sealContext.bindingCode("acme")),
        created_at: 1,
        created_by: null,
        revoked_at: null,
      })
      .execute();
    const pending = await startDevice(server, { client_id: "jitnode-cli" });
    const approved = await startDevice(server, { client_id: "jitnode-cli" });
    await approve(server, approved, person.accountId);
    expect(await rewrap(context, next)).toMatchObject({ bindingCodes: 1, pendingRequests: 1 });

    const row = await db.selectFrom("binding_codes").selectAll().executeTakeFirstOrThrow();
    expect(asBindingCode(next.unseal(row.encrypted, sealContext.bindingCode("acme")))).toBe(code);
    expect(row.lookup).toBe(next.lookup("binding_code", code));
    const restarted = await under(context, next);
    expect((await poll(restarted, "jitnode-cli", pending.deviceCode)).body["error"]).toBe("invalid_grant");
    const { key } = await signIn(restarted, person.accountId);
    expect((await poll(restarted, "jitnode-cli", approved.deviceCode, key)).status).toBe(200);
    expect(await auditActions(context)).toContain("keys.rewrapped");
  });

  test("it is refused under a running server, and a server is refused after it", async () => {
    const { context, next } = await setUp();
    await announce(context, "one");
    expect(await outcome(rewrap(context, next))).toBe("control_plane_running");
    context.advance(91_000);
    await rewrap(context, next);
    expect(await outcome(announce(context, "one"))).toBe("key_mismatch");
    expect(await outcome(rewrap(context, next))).toBe("key_mismatch");
  });

  test("when anything cannot be opened, nothing has changed", async () => {
    const { context, server, next } = await setUp();
    const person = await addPerson(context);
    const session = await signIn(server, person.accountId);
    await context.store.db.updateTable("signing_keys").set({ private_encrypted: "1.AAAA" }).execute();
    const pending = await startDevice(server, { client_id: "jitnode-cli" });
    await expect(rewrap(context, next)).rejects.toThrow();
    expect((await poll(server, "jitnode-cli", pending.deviceCode)).body["error"]).toBe("authorization_pending");
    expect(await initMetadata(context.store, keyCheckName, "none")).toBe(context.secrets.check);
    expect((await server.call("GET", "/v1/me", session.key, session.accessToken)).status).toBe(200);
  });
});
