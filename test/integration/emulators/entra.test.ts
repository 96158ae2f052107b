// The emulated Entra behaves as the reference says Entra does.
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { minute } from "../../emulators/common/clock.js";
import { startEntra, type EntraEmulator } from "../../emulators/entra/entra.js";
import { adele, foreign, home, mallory, personal, personalTenant } from "../../emulators/entra/people.js";
import { onEnd } from "../../support/cleanup.js";
import { callback, makePkce, members, postForm, withParameters, type Pkce } from "./authorization.js";

let entra: EntraEmulator;
let pkce: Pkce;
beforeAll(async () => {
  entra = await startEntra({ redirectUris: [callback] });
  onEnd(() => entra.close(), "file");
});
beforeEach(() => {
  pkce = makePkce();
  entra.clock.reset();
  Object.assign(entra.quirks, { multiTenant: false, token: undefined, claims: {} });
});

const authorizeUrl = (more: Readonly<Record<string, string>> = {}, tenant = home.id): string =>
  withParameters(`${entra.url}/${tenant}/oauth2/v2.0/authorize`, {
    client_id: entra.client.id,
    redirect_uri: callback,
    response_type: "code",
    response_mode: "query",
    scope: "openid profile email",
    state: "state-1",
    nonce: "nonce-1",
    code_challenge: pkce.challenge,
    code_challenge_method: "S256",
    ...more,
  });

const codeFor = async (oid: string, more: Readonly<Record<string, string>> = {}, tenant?: string): Promise<string> =>
  (await entra.decide(authorizeUrl(more, tenant), oid)).location?.searchParams.get("code") ?? "";

async function exchange(code: string, more: Readonly<Record<string, string>> = {}, tenant = home.id) {
  const { id, secret } = entra.client;
  const fields = { client_id: id, client_secret: secret, redirect_uri: callback, code_verifier: pkce.verifier };
  const sent = { grant_type: "authorization_code", code, ...fields, ...more };
  const response = await postForm(`${entra.url}/${tenant}/oauth2/v2.0/token`, sent);
  return { status: response.status, body: await members(response) };
}

const discover = async (tenant: string) => {
  const response = await fetch(`${entra.url}/${tenant}/v2.0/.well-known/openid-configuration`);
  return { status: response.status, body: await members(response) };
};

describe("discovery", () => {
  test("names the tenant by its GUID, also when it was asked for by its domain", async () => {
    for (const tenant of [home.id, home.domain]) {
      expect((await discover(tenant)).body["issuer"]).toBe(`${entra.url}/${home.id}/v2.0`);
    }
    expect(entra.issuer).toBe(`${entra.url}/${home.id}/v2.0`);
  });

  test("prints a template for common, and refuses a tenant that is not there", async () => {
    expect((await discover("common")).body["issuer"]).toBe(`${entra.url}/{tenantid}/v2.0`);
    expect((await discover("consumers")).body["issuer"]).toBe(`${entra.url}/${personalTenant}/v2.0`);
    const unknown = await discover("00000000-0000-4000-8000-000000000000");
    expect([unknown.status, unknown.body]).toMatchObject([400, { error: "invalid_tenant", error_codes: [90002] }]);
  });
});

describe("the ID token", () => {
  test("says tenant and object, signed by the tenant's keys; `oid` needs the scope profile", async () => {
    const { body } = await exchange(await codeFor(adele().oid));
    const keys = createRemoteJWKSet(new URL(`${entra.url}/${home.id}/discovery/v2.0/keys`));
    const { payload } = await jwtVerify(String(body["id_token"]), keys, {
      issuer: entra.issuer,
      audience: entra.client.id,
    });
    expect(payload).toMatchObject({ ver: "2.0", tid: home.id, oid: adele().oid, nonce: "nonce-1" });
    expect(payload.sub).not.toBe(adele().oid);
    const without = await exchange(await codeFor(adele().oid, { scope: "openid" }));
    expect(decodeJwt(String(without.body["id_token"]))).not.toHaveProperty("oid");
  });

  test("is of the person's own tenant where others are let in", async () => {
    const stopped = await entra.decide(authorizeUrl(), mallory().oid);
    expect([stopped.location, stopped.page]).toEqual([undefined, expect.stringContaining("AADSTS50020")]);
    entra.quirks.multiTenant = true;
    const { body } = await exchange(await codeFor(mallory().oid));
    const claims = decodeJwt(String(body["id_token"]));
    expect(claims).toMatchObject({ tid: foreign.id, email: "adele@contoso.example" });
    expect(claims.iss).toBe(`${entra.url}/${foreign.id}/v2.0`);
    const common = await exchange(await codeFor(personal().oid, {}, "common"), {}, "common");
    expect(decodeJwt(String(common.body["id_token"]))).toMatchObject({ tid: personalTenant });
  });
});

describe("refusals", () => {
  test("have AADSTS numbers and descriptions of several lines", async () => {
    const code = await codeFor(adele().oid);
    const secret = await exchange(code, { client_secret: "the-id-of-the-secret" });
    expect([secret.status, secret.body]).toMatchObject([401, { error: "invalid_client", error_codes: [7000215] }]);
    expect(String(secret.body["error_description"])).toMatch(/^AADSTS7000215: .*\r\nTrace ID: /);
    entra.client.secretExpired = true;
    expect((await exchange(code)).body).toMatchObject({ error_codes: [7000222] });
    entra.client.secretExpired = false;
    const unknown = await exchange(code, { client_id: "00000000-0000-4000-8000-000000000000" });
    expect([unknown.status, unknown.body]).toMatchObject([
      400,
      { error: "unauthorized_client", error_codes: [700016] },
    ]);
    await exchange(code);
    expect((await exchange(code)).body).toMatchObject({ error: "invalid_grant", error_codes: [54005] });
    const late = await codeFor(adele().oid);
    entra.clock.move(10 * minute);
    expect((await exchange(late)).body).toMatchObject({ error: "invalid_grant", error_codes: [70008] });
  });

  test("a person who declines comes back with AADSTS65004; a wrong redirect URI goes nowhere", async () => {
    const { location } = await entra.decide(authorizeUrl(), "cancel");
    expect(location?.searchParams.get("error")).toBe("access_denied");
    expect(location?.searchParams.get("error_description")).toMatch(/^AADSTS65004/);
    const wrong = await entra.decide(authorizeUrl({ redirect_uri: `${callback}x` }), adele().oid);
    expect([wrong.location, wrong.page]).toEqual([undefined, expect.stringContaining("AADSTS50011")]);
  });
});
