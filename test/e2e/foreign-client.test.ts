// Somebody else's client against our server: openid-client 6 runs discovery, the device grant with slow_down and DPoP,
// refresh with rotation, private_key_jwt and revocation. It knows nothing of us but the standards.
import * as client from "openid-client";
import { randomBytes, randomUUID, webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, describe } from "vitest";
import { generateKeyPair, nodeIdOfKey, type KeyPair } from "../../src/identity/keys.js";
import { signProof } from "../../src/identity/proofs.js";
import { createDatabase } from "../support/postgres.js";
import { startControl, type Control } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { createPageClient, type PageClient } from "./page-client.js";

type Recorded = { readonly path: string; readonly status: number; readonly error: unknown };

/** What went over the wire, so that the tests can see that the detours were really taken. */
function recorder(): { readonly seen: Recorded[]; readonly fetch: client.CustomFetch } {
  const seen: Recorded[] = [];
  return {
    seen,
    fetch: async (url, options) => {
      const response = await fetch(url, options as RequestInit);
      const text = response.status >= 400 ? await response.clone().text() : "{}";
      const body = (text.startsWith("{") ? JSON.parse(text) : {}) as { error?: unknown };
      seen.push({ path: new URL(url).pathname, status: response.status, error: body.error });
      return response;
    },
  };
}

async function discover(
  control: Control,
  clientId: string,
  authentication: client.ClientAuth,
  fetcher: client.CustomFetch,
): Promise<client.Configuration> {
  return await client.discovery(new URL(control.url), clientId, undefined, authentication, {
    algorithm: "oauth2",
    execute: [client.allowInsecureRequests],
    [client.customFetch]: fetcher,
  });
}

/** The first account, signed in in a browser. */
async function person(control: Control): Promise<PageClient> {
  const browser = createPageClient(control.url);
  const link = (await control.waitForLog(/\/set-up\//)).trim();
  const page = await browser.get(new URL(link).pathname);
  await browser.submit(page.form(), { login: "ada", name: "Ada", password: "correct horse battery" });
  return browser;
}

async function approve(
  browser: PageClient,
  request: { readonly user_code: string; readonly number?: unknown },
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  const page = await browser.get("/activate");
  const asked = await browser.submit(page.form(), { code: request.user_code });
  const done = await browser.submit(asked.form(), { number: String(request.number), ...fields }, "Approve");
  expect(done.status).toBe(200);
}

async function startedOn(database: "sqlite" | "postgres"): Promise<Control> {
  const settings = { deviceInterval: "1" };
  if (database === "sqlite") return await startControl(settings);
  const { url } = await createDatabase();
  const keyFile = join(temporaryFolder(), "key");
  writeFileSync(keyFile, randomBytes(32).toString("base64"), { mode: 0o600 });
  return await startControl({ ...settings, databaseUrl: url, keyFile });
}

describe.each([
  ["sqlite", "Ed25519"],
  ["postgres", "ES256"],
] as const)("openid-client against a server on %s, with keys of %s", (database, algorithm) => {
  test("signs in by the device grant, is slowed down, refreshes, and gives the session up", async () => {
    const control = await startedOn(database);
    const browser = await person(control);
    const { seen, fetch: recorded } = recorder();
    const config = await discover(control, "jitnode-cli", client.None(), recorded);
    expect(config.serverMetadata().issuer).toBe(control.url);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm));

    const request = await client.initiateDeviceAuthorization(config, { scope: "people" });
    expect(request.interval).toBe(1);
    // It polls five times as often as it was told, until the server tells it again.
    const impatient = { ...request, interval: 0.2 };
    const polling = client.pollDeviceAuthorizationGrant(config, impatient, undefined, { DPoP });
    await expect.poll(() => seen.map(({ error }) => error)).toContain("slow_down");
    await approve(browser, request);
    const tokens = await polling;
    expect(seen.map(({ error }) => error)).toContain("authorization_pending");
    expect(tokens).toMatchObject({ token_type: "dpop", scope: "people" });

    const me = async (accessToken: string): Promise<Response> =>
      await client.fetchProtectedResource(
        config,
        accessToken,
        new URL(`${control.url}/v1/me`),
        "GET",
        undefined,
        undefined,
        { DPoP },
      );
    expect(await (await me(tokens.access_token)).json()).toMatchObject({ account: { name: "Ada" }, scope: "people" });

    const renewed = await client.refreshTokenGrant(config, String(tokens.refresh_token), undefined, { DPoP });
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
    const again = await client.refreshTokenGrant(config, String(renewed.refresh_token), undefined, { DPoP });
    expect((await me(again.access_token)).status).toBe(200);

    await client.tokenRevocation(config, String(again.refresh_token));
    await expect(me(again.access_token)).rejects.toMatchObject({ status: 401 });
    await expect(
      client.refreshTokenGrant(config, String(again.refresh_token), undefined, { DPoP }),
    ).rejects.toMatchObject({ error: "invalid_grant" });
  });

  test("is told when a person says no", async () => {
    const control = await startedOn(database);
    const browser = await person(control);
    const config = await discover(control, "jitnode-cli", client.None(), recorder().fetch);
    const request = await client.initiateDeviceAuthorization(config, { scope: "activate" });
    const page = await browser.get("/activate");
    const asked = await browser.submit(page.form(), { code: request.user_code });
    await browser.submit(asked.form(), { number: String(request["number"]) }, "Deny");
    await expect(client.pollDeviceAuthorizationGrant(config, request)).rejects.toMatchObject({
      error: "access_denied",
    });
  });

  test("authenticates a node by private_key_jwt with DPoP", async () => {
    const control = await startedOn(database);
    const browser = await person(control);
    const node = generateKeyPair();
    const nodeId = await activate(control, browser, node);

    const { seen, fetch: recorded } = recorder();
    const keys = await cryptoKeys(node);
    const authentication = client.PrivateKeyJwt(keys.privateKey, {
      [client.modifyAssertion]: (header) => {
        header["typ"] = "client-authentication+jwt";
      },
    });
    const config = await discover(control, nodeId, authentication, recorded);
    const DPoP = client.getDPoPHandle(config, keys);
    const tokens = await client.clientCredentialsGrant(config, { scope: "node" }, { DPoP });
    expect(tokens).toMatchObject({ token_type: "dpop", scope: "node", node_id: nodeId });
    expect(seen.map(({ error }) => error)).toContain("use_dpop_nonce");
    const binding = await client.fetchProtectedResource(
      config,
      tokens.access_token,
      new URL(`${control.url}/v1/node/binding`),
      "GET",
      undefined,
      undefined,
      { DPoP },
    );
    expect(await binding.json()).toMatchObject({ state: "bound", node_id: nodeId, organization: { id: "acme" } });
  });
});

/** A node's request, made by hand: openid-client proves no device authorization request. */
async function activate(control: Control, browser: PageClient, node: KeyPair): Promise<string> {
  const url = `${control.url}/oauth/device_authorization`;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      dpop: signProof(node, { method: "POST", url, issuedAt: Math.floor(Date.now() / 1000), jti: randomUUID() }),
    },
    body: new URLSearchParams({ client_id: "jitnode-node", node_name: "foreign", node_version: "1", node_os: "linux" }),
  });
  const request = (await response.json()) as { user_code: string; number: string };
  await approve(browser, request, {
    organization: "create",
    org_id: "acme",
    org_name: "Acme",
    consent: "yes",
  });
  return nodeIdOfKey(node);
}

async function cryptoKeys(pair: KeyPair): Promise<client.CryptoKeyPair> {
  const jwk = JSON.parse(pair.exportPrivate()) as webcrypto.JsonWebKey;
  const algorithm = { name: "Ed25519" };
  return {
    privateKey: await webcrypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("jwk", { ...pair.publicJwk }, algorithm, true, ["verify"]),
  };
}
