// The emulated Google behaves as the reference says Google does, and is wrong in exactly the way that was asked for.
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hour, minute } from "../../emulators/common/clock.js";
import { startGoogle, type GoogleEmulator } from "../../emulators/google/google.js";
import type { TokenFault } from "../../emulators/openid/id-tokens.js";
import { onEnd } from "../../support/cleanup.js";
import { callback, makePkce, members, postForm, withParameters, type Pkce } from "./authorization.js";

let google: GoogleEmulator;
let pkce: Pkce;
beforeAll(async () => {
  google = await startGoogle({ redirectUris: [callback] });
  onEnd(() => google.close(), "file");
});
beforeEach(() => {
  pkce = makePkce();
  google.clock.reset();
  Object.assign(google.quirks, { legacyIssuer: false, token: undefined, callbackIssuer: "right", claims: {} });
});

const ada = "110169484474386276334";
const pat = "103399876501928374650";

const authorizeUrl = (more: Readonly<Record<string, string>> = {}): string =>
  withParameters(`${google.url}/o/oauth2/v2/auth`, {
    client_id: google.client.id,
    redirect_uri: callback,
    response_type: "code",
    scope: "openid email profile",
    state: "state-1",
    nonce: "nonce-1",
    code_challenge: pkce.challenge,
    code_challenge_method: "S256",
    ...more,
  });

const codeFor = async (person: string): Promise<string> =>
  (await google.decide(authorizeUrl(), person)).location?.searchParams.get("code") ?? "";

async function exchange(code: string, more: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
  const { id, secret } = google.client;
  const fields = { client_id: id, client_secret: secret, redirect_uri: callback, code_verifier: pkce.verifier };
  return await members(
    await postForm(`${google.url}/token`, { grant_type: "authorization_code", code, ...fields, ...more }),
  );
}

const idTokenOf = async (person: string): Promise<string> =>
  String((await exchange(await codeFor(person)))["id_token"]);

const verify = (token: string): Promise<{ readonly payload: Record<string, unknown> }> =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${google.url}/oauth2/v3/certs`)), {
    issuer: google.issuer,
    audience: google.client.id,
    algorithms: ["RS256"],
    currentDate: new Date(),
  });

test("discovery names an issuer that sends `iss` with the callback", async () => {
  const found = await members(await fetch(`${google.issuer}/.well-known/openid-configuration`));
  expect(found).toMatchObject({ issuer: google.issuer, authorization_response_iss_parameter_supported: true });
  const { location } = await google.decide(authorizeUrl(), ada);
  expect(location?.searchParams.get("iss")).toBe(google.issuer);
  google.quirks.callbackIssuer = "missing";
  expect((await google.decide(authorizeUrl(), ada)).location?.searchParams.has("iss")).toBe(false);
  google.quirks.callbackIssuer = "wrong";
  expect((await google.decide(authorizeUrl(), "cancel")).location?.searchParams.get("iss")).not.toBe(google.issuer);
});

describe("the ID token", () => {
  test("is signed with RS256 by a published key, and has `hd` for people of a Workspace only", async () => {
    const token = await idTokenOf(ada);
    expect(decodeProtectedHeader(token).alg).toBe("RS256");
    expect((await verify(token)).payload).toMatchObject({ sub: ada, hd: "example.com", nonce: "nonce-1" });
    expect(decodeJwt(await idTokenOf(pat))).toMatchObject({ email_verified: false });
    expect(decodeJwt(await idTokenOf(pat))).not.toHaveProperty("hd");
  });

  test("is verified with the new key after a rotation", async () => {
    await google.rotateKeys({ forget: true });
    expect((await verify(await idTokenOf(ada))).payload).toMatchObject({ sub: ada });
  });

  test("has the legacy issuer on request, and dates of a clock that was moved", async () => {
    google.quirks.legacyIssuer = true;
    expect(decodeJwt(await idTokenOf(ada)).iss).toBe(new URL(google.url).host);
    google.quirks.legacyIssuer = false;
    google.clock.move(2 * hour);
    const now = Date.now() / 1000;
    expect((decodeJwt(await idTokenOf(ada)).iat ?? 0) - now).toBeGreaterThan(7000);
    google.clock.move(-4 * hour);
    await expect(verify(await idTokenOf(ada))).rejects.toThrow(/exp/);
  });

  test.each<[TokenFault, RegExp]>([
    ["wrong-issuer", /iss/],
    ["wrong-audience", /aud/],
    ["wrong-signature", /signature/],
    ["unknown-kid", /no applicable key/],
    ["alg-none", /Algorithm|alg/],
    ["hs256-public-key", /alg/],
    ["garbage", /Compact JWS/],
  ])("%s: a strict verifier refuses it", async (fault, why) => {
    google.quirks.token = fault;
    await expect(verify(await idTokenOf(ada))).rejects.toThrow(why);
  });

  test.each<[TokenFault, object]>([
    ["other-party", { azp: "somebody-else" }],
    ["no-subject", { sub: undefined }],
    ["no-nonce", { nonce: undefined }],
  ])("%s: the claims are wrong", async (fault, wrong) => {
    google.quirks.token = fault;
    const { payload } = await verify(await idTokenOf(ada));
    for (const [name, value] of Object.entries(wrong)) expect(payload[name]).toBe(value);
  });

  test("another nonce, or no token at all", async () => {
    google.quirks.token = "wrong-nonce";
    expect((await verify(await idTokenOf(ada))).payload["nonce"]).not.toBe("nonce-1");
    google.quirks.token = "none";
    expect(await exchange(await codeFor(ada))).not.toHaveProperty("id_token");
  });
});

describe("the chooser", () => {
  test("is narrowed down by `hd`, which enforces nothing", async () => {
    const page = await (await fetch(authorizeUrl({ hd: "example.com" }))).text();
    expect([page.includes("Ada Example"), page.includes("Pat Consumer")]).toEqual([true, false]);
    expect((await google.decide(authorizeUrl({ hd: "example.com" }), pat)).location?.searchParams.has("code")).toBe(
      true,
    );
  });

  test("goes nowhere with a redirect URI that is not registered, back with access_denied when cancelled", async () => {
    const wrong = await google.decide(authorizeUrl({ redirect_uri: `${callback}/` }), ada);
    expect([wrong.status, wrong.location]).toEqual([400, undefined]);
    const { location } = await google.decide(authorizeUrl(), "cancel");
    expect([location?.searchParams.get("error"), location?.searchParams.get("state")]).toEqual([
      "access_denied",
      "state-1",
    ]);
  });
});

test("a code is good once, for ten minutes, with its verifier, its redirect URI and the secret", async () => {
  const code = await codeFor(ada);
  await exchange(code);
  expect(await exchange(code)).toMatchObject({ error: "invalid_grant" });
  const late = await codeFor(ada);
  google.clock.move(10 * minute);
  expect(await exchange(late)).toMatchObject({ error: "invalid_grant" });
  google.clock.reset();
  expect(await exchange(await codeFor(ada), { code_verifier: makePkce().verifier })).toMatchObject({
    error: "invalid_grant",
  });
  expect(await exchange(await codeFor(ada), { redirect_uri: `${callback}/x` })).toMatchObject({
    error: "redirect_uri_mismatch",
  });
  expect(await exchange(await codeFor(ada), { client_secret: "wrong" })).toMatchObject({ error: "invalid_client" });
});

test("UserInfo answers the token's person, or somebody else on request", async () => {
  const { access_token } = await exchange(await codeFor(ada));
  const ask = async () =>
    await members(
      await fetch(`${google.url}/v1/userinfo`, { headers: { authorization: `Bearer ${String(access_token)}` } }),
    );
  expect(await ask()).toMatchObject({ sub: ada, email: "ada@example.com" });
  google.quirks.otherUserinfo = true;
  expect((await ask())["sub"]).not.toBe(ada);
  google.quirks.otherUserinfo = false;
});
