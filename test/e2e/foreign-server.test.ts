// Our client of the device grant against an authorization server that somebody else wrote (oidc-provider). It deviates
// where it may: no `interval` in the device answer, never slow_down, metadata at OpenID Connect's address.
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { Provider } from "oidc-provider";
import { describe, expect, test } from "vitest";
import { createControlTransport, type ControlTransport } from "../../src/client/control-transport.js";
import {
  defaultInterval,
  pollDevice,
  requestDevice,
  revokeToken,
  type PollResult,
} from "../../src/client/device-flow.js";
import { generateKeyPair } from "../../src/identity/keys.js";
import { createClock } from "../../src/platform/clock.js";
import { createHttpClient } from "../../src/platform/http-client.js";
import { createRandom } from "../../src/platform/random.js";
import { onEnd } from "../support/cleanup.js";
import { freePort } from "../support/ports.js";

const client = { clientId: "jitnode-cli" } as const;

type Foreign = { readonly provider: Provider; readonly transport: ControlTransport; readonly issuer: string };

async function listen(issuer: string, provider: Provider): Promise<void> {
  const answer = provider.callback();
  const server: Server = createServer((request, response) => {
    // RFC 8414 section 5 knows both addresses; the foreign server has OpenID Connect's only.
    if (request.url === "/.well-known/oauth-authorization-server") request.url = "/.well-known/openid-configuration";
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(issuer).port), "127.0.0.1", resolve));
  onEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
}

async function foreignServer(deviceCodeLife = 600): Promise<Foreign> {
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        token_endpoint_auth_method: "none",
        application_type: "native",
        grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        redirect_uris: [],
        response_types: [],
        dpop_bound_access_tokens: true,
      },
    ],
    scopes: ["openid", "offline_access", "people"],
    features: {
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      devInteractions: { enabled: false },
    },
    ttl: { DeviceCode: deviceCodeLife, AccessToken: 600, RefreshToken: 600, Grant: 600, IdToken: 600 },
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    cookies: { keys: ["for tests only"] },
    jwks: undefined,
  });
  await listen(issuer, provider);
  const http = createHttpClient();
  onEnd(() => http.close());
  const transport = createControlTransport({
    server: issuer,
    http,
    key: generateKeyPair(),
    clock: createClock(),
    random: createRandom(),
  });
  return { provider, transport, issuer };
}

async function request({
  transport,
}: Foreign): Promise<{ readonly device_code: string; readonly user_code: string; readonly interval: number }> {
  const asked = await requestDevice(transport, { ...client, scope: "openid people" });
  if (asked.kind !== "requested") throw new Error(JSON.stringify(asked));
  const { device_code, user_code, interval = defaultInterval } = asked.request;
  return { device_code, user_code, interval };
}

const poll = ({ transport }: Foreign, deviceCode: string): Promise<PollResult> =>
  pollDevice(transport, { ...client, deviceCode, interval: defaultInterval });

async function decide({ provider }: Foreign, userCode: string, how: "approve" | "deny"): Promise<void> {
  const code = await provider.DeviceCode.findByUserCode(userCode.replace("-", ""));
  if (code === undefined) throw new Error("no such user code");
  if (how === "deny") Object.assign(code, { error: "access_denied", errorDescription: "no" });
  else {
    const grant = new provider.Grant({ accountId: "ada", clientId: client.clientId });
    grant.addOIDCScope("openid people");
    Object.assign(code, { accountId: "ada", grantId: await grant.save(), scope: "openid people" });
  }
  await code.save(600);
}

describe("the device grant with a foreign server", () => {
  test("pending without an interval, approved, granted with a DPoP-bound token, redeemed once", async () => {
    const foreign = await foreignServer();
    const { device_code, user_code, interval } = await request(foreign);
    expect(interval).toBe(5);
    expect(user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
    // It never says slow_down: polling at once is just pending.
    expect(await poll(foreign, device_code)).toEqual({ kind: "pending", interval: 5 });
    expect(await poll(foreign, device_code)).toEqual({ kind: "pending", interval: 5 });
    await decide(foreign, user_code, "approve");
    const granted = await poll(foreign, device_code);
    expect(granted).toMatchObject({ kind: "grant", token: { token_type: "DPoP", scope: "openid people" } });
    expect(await poll(foreign, device_code)).toMatchObject({ kind: "refused", error: "invalid_grant" });
  });

  test("a denial is a denial, an unknown code is refused", async () => {
    const foreign = await foreignServer();
    const { device_code, user_code } = await request(foreign);
    await decide(foreign, user_code, "deny");
    expect(await poll(foreign, device_code)).toEqual({ kind: "denied" });
    expect(await poll(foreign, "no-such-device-code-at-all")).toMatchObject({
      kind: "refused",
      error: "invalid_grant",
    });
  });

  test("a code that nobody used in time is expired", async () => {
    const foreign = await foreignServer(1);
    const { device_code } = await request(foreign);
    await expect.poll(async () => (await poll(foreign, device_code)).kind).toBe("expired");
  });

  test("a token can be revoked", async () => {
    const foreign = await foreignServer();
    const { device_code, user_code } = await request(foreign);
    await decide(foreign, user_code, "approve");
    const granted = await poll(foreign, device_code);
    if (granted.kind !== "grant") throw new Error(granted.kind);
    const { access_token: token } = granted.token;
    expect(await revokeToken(foreign.transport, { ...client, token })).toEqual({ kind: "revoked" });
  });
});
