// Two replicas on one PostgreSQL: the halves of every step on different ones, and what one changes the other tells.
import { randomBytes, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateKeyPair, nodeIdOfKey, type KeyPair } from "../../src/identity/keys.js";
import { signClientAssertion, signProof } from "../../src/identity/proofs.js";
import { onEnd } from "../support/cleanup.js";
import { freePort } from "../support/ports.js";
import { createDatabase } from "../support/postgres.js";
import { runControl, startControl, type Control } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { createPageClient } from "./page-client.js";

const password = "correct horse battery";
const seconds = (): number => Math.floor(Date.now() / 1000);

/** Behind a load balancer that is not there: both have the public URL of one address, and each is asked directly. */
async function startTwo(): Promise<readonly [Control, Control, string]> {
  const { url } = await createDatabase();
  const keyFile = join(temporaryFolder(), "key");
  writeFileSync(keyFile, randomBytes(32).toString("base64"), { mode: 0o600 });
  const publicUrl = `http://127.0.0.1:${String(await freePort())}`;
  const options = { databaseUrl: url, keyFile, publicUrl, deviceInterval: "1" };
  return [...(await Promise.all([startControl(options), startControl(options)])), publicUrl] as const;
}

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

/** Asks one replica, with a proof for the public URL and the nonce that the other one gave. */
function createAsker(publicUrl: string, key: KeyPair) {
  let nonce: string | undefined;
  const send = async (to: Control, method: string, path: string, accessToken?: string, body?: URLSearchParams) => {
    const proof = signProof(key, {
      method,
      url: publicUrl + path,
      issuedAt: seconds(),
      jti: randomUUID(),
      nonce,
      accessToken,
    });
    const response = await fetch(to.url + path, {
      method,
      headers: { dpop: proof, ...(accessToken === undefined ? {} : { authorization: `DPoP ${accessToken}` }) },
      ...(body === undefined ? {} : { body }),
    });
    nonce = response.headers.get("dpop-nonce") ?? nonce;
    return response;
  };
  const form = async (to: Control, path: string, fields: Record<string, string>): Promise<Answer> => {
    const response = await send(to, "POST", path, undefined, new URLSearchParams(fields));
    const body = (await response.json()) as Record<string, unknown>;
    return body["error"] === "use_dpop_nonce" ? form(to, path, fields) : { status: response.status, body };
  };
  return { send, form };
}

const grant = "urn:ietf:params:oauth:grant-type:device_code";

test("what one replica begins the other one ends: sign-in, activation, refresh, revocation, events", async () => {
  const [one, two, publicUrl] = await startTwo();
  const browser = createPageClient(two.url);
  // Of the links that replicas print only the newest works.
  const link = (await runControl(["setup-link"], { env: one.env })).stdout.trim();
  await browser.submit((await browser.get(new URL(link).pathname)).form(), { login: "ada", name: "Ada", password });

  // A terminal: asked at one, decided and redeemed at two.
  const terminal = createAsker(publicUrl, generateKeyPair());
  const asked = await terminal.form(one, "/oauth/device_authorization", { client_id: "jitnode-cli", scope: "people" });
  const decide = async (request: Answer, fields: Record<string, string> = {}) => {
    const found = await browser.submit((await browser.get("/activate")).form(), {
      code: String(request.body["user_code"]),
    });
    return await browser.submit(found.form(), { number: String(request.body["number"]), ...fields }, "Approve");
  };
  expect((await decide(asked)).status).toBe(200);
  const device_code = String(asked.body["device_code"]);
  const redemption = { grant_type: grant, client_id: "jitnode-cli", device_code };
  const tokens = await terminal.form(two, "/oauth/token", redemption);
  expect(tokens.status).toBe(200);
  // The answer was lost: asked again, at the other one.
  const again = await terminal.form(one, "/oauth/token", redemption);
  expect(again.body["refresh_token"]).toBe(tokens.body["refresh_token"]);
  expect((await terminal.send(one, "GET", "/v1/me", String(tokens.body["access_token"]))).status).toBe(200);

  // Refreshed at both at once: one successor.
  const refresh = { grant_type: "refresh_token", client_id: "jitnode-cli" };
  const given = { ...refresh, refresh_token: String(tokens.body["refresh_token"]) };
  const successors = await Promise.all([one, two, one, two].map((to) => terminal.form(to, "/oauth/token", given)));
  expect(new Set(successors.map(({ body }) => body["refresh_token"])).size).toBe(1);
  const accessToken = String(successors[0]?.body["access_token"]);

  // A node: asked at two, its stream open at one; unbound at two, it hears of it at one.
  const key = generateKeyPair();
  const node = createAsker(publicUrl, key);
  const request = await node.form(two, "/oauth/device_authorization", {
    client_id: "jitnode-node",
    node_name: "builder",
    node_version: "1",
    node_os: "linux",
  });
  const bound = { organization: "create", org_id: "acme", org_name: "Acme", consent: "yes" };
  expect((await decide(request, bound)).status).toBe(200);
  const clientId = nodeIdOfKey(key);
  const authenticated = await node.form(one, "/oauth/token", {
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: signClientAssertion(key, { clientId, issuer: publicUrl, issuedAt: seconds(), jti: randomUUID() }),
  });
  // The nonce was asked for first, so this assertion was used once only.
  expect(authenticated.body).toMatchObject({ node_id: clientId });
  const stream = await node.send(one, "GET", "/v1/node/events", String(authenticated.body["access_token"]));
  const lines = readLines(stream);
  expect(await lines.next()).toMatchObject({ type: "binding", binding: { state: "bound" } });
  const unbound = await terminal.send(two, "DELETE", `/v1/orgs/acme/nodes/${clientId}/binding`, accessToken);
  expect(unbound.status).toBe(204);
  expect(await lines.next()).toMatchObject({ type: "binding", binding: { state: "unbound", by: "administrator" } });

  // A rotation by the command holds for both; a token of either key is good at both.
  expect((await runControl(["keys", "rotate"], { env: one.env })).code).toBe(0);
  const renewed = await terminal.form(two, "/oauth/token", {
    ...refresh,
    refresh_token: String(successors[0]?.body["refresh_token"]),
  });
  for (const replica of [one, two]) {
    expect((await terminal.send(replica, "GET", "/v1/me", accessToken)).status).toBe(200);
    expect((await terminal.send(replica, "GET", "/v1/me", String(renewed.body["access_token"]))).status).toBe(200);
  }

  // Revoked at one, it has ended at two.
  await fetch(`${one.url}/oauth/revoke`, {
    method: "POST",
    body: new URLSearchParams({ token: String(renewed.body["refresh_token"]) }),
  });
  expect((await terminal.send(two, "GET", "/v1/me", accessToken)).status).toBe(401);

  // SIGTERM with a stream open: it is ended, and so is the program, with 0; the other one goes on.
  const before = performance.now();
  one.signal("SIGTERM");
  expect(await lines.next()).toBeUndefined();
  expect(await one.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - before).toBeLessThan(5_000);
  expect((await fetch(`${two.url}/health/ready`)).status).toBe(200);
});

function readLines(response: Response): { readonly next: () => Promise<unknown> } {
  if (response.body === null) throw new Error("there is no stream");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  onEnd(async () => {
    await reader.cancel().catch(() => undefined);
  });
  let rest = "";
  return {
    async next() {
      for (;;) {
        const end = rest.indexOf("\n");
        if (end >= 0) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 1);
          const event = JSON.parse(line) as { readonly type: string };
          if (event.type !== "ping") return event;
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        rest += value;
      }
    },
  };
}
