import { expect, it } from "vitest";
import { startGoogle, type GoogleEmulator } from "../../../emulators/google/google.js";
import { ada } from "../../../emulators/google/people.js";
import type { TokenFault } from "../../../emulators/openid/id-tokens.js";
import { createHttpClient } from "../../../../src/platform/http-client.js";
import { createClock } from "../../../../src/platform/clock.js";
import { createRandom } from "../../../../src/platform/random.js";
import { JitnodeError } from "../../../../src/protocol/errors.js";
import { createProviderHttp, reasonOf } from "../../../../src/control/sign-in/http.js";
import type { Journey } from "../../../../src/control/sign-in/provider.js";
import { createRelyingParty, type RelyingParty } from "../../../../src/control/sign-in/oidc/relying-party.js";
import { onEnd } from "../../../support/cleanup.js";

const redirectUri = "http://127.0.0.1:7070/auth/callback/google";
const random = createRandom();
const hour = 3_600_000;

async function start(): Promise<{ readonly google: GoogleEmulator; readonly party: RelyingParty }> {
  const google = await startGoogle({ redirectUris: [redirectUri] });
  const client = createHttpClient();
  onEnd(() => google.close());
  onEnd(() => client.close());
  return { google, party: partyOf(google, google.issuer, client) };
}

const partyOf = (google: GoogleEmulator, issuer: string, client = createHttpClient()): RelyingParty =>
  createRelyingParty({
    issuer,
    clientId: google.client.id,
    clientSecret: google.client.secret,
    http: createProviderHttp(client, 1_000),
    clock: createClock(),
    lacks: (claims) => claims.name === undefined,
  });

const journey = (): Journey => ({
  state: random.token(32),
  nonce: random.token(32),
  verifier: random.token(32),
  redirectUri,
});

/** A whole sign-in; the subject, or the code and the reason of the refusal. */
async function outcome(google: GoogleEmulator, party: RelyingParty): Promise<string> {
  const trip = journey();
  try {
    const { location } = await google.decide(await party.authorizationUrl(trip), ada().sub);
    if (location === undefined) throw new Error("the provider kept the browser");
    return (await party.claims(location.searchParams, trip)).sub;
  } catch (error) {
    if (!(error instanceof JitnodeError)) throw error;
    return `${error.code}: ${reasonOf(error)}`;
  }
}

it("refuses an ID token that is wrong in any one way, and says in which", async () => {
  const { google, party } = await start();
  const refusals: Readonly<Record<TokenFault, RegExp>> = {
    "wrong-issuer": /"https:\/\/issuer\.example\.net"/,
    "wrong-audience": /aud/,
    "other-party": /azp/,
    "wrong-nonce": /nonce/,
    "no-nonce": /nonce/,
    "no-subject": /sub/,
    "wrong-signature": /signature/,
    "unknown-kid": /no applicable key/,
    "alg-none": /alg/,
    "hs256-public-key": /alg/,
    garbage: /Invalid JWT/,
    none: /id_token/,
  };
  for (const [fault, reason] of Object.entries(refusals) as [TokenFault, RegExp][]) {
    google.quirks.token = fault;
    const said = await outcome(google, party);
    expect(said, fault).toMatch(/^sign_in_provider_failed: /);
    expect(said, fault).toMatch(reason);
  }
  google.quirks.token = undefined;
  expect(await outcome(google, party)).toBe(ada().sub);
});

it("refuses one that was issued to another client although we are its only audience", async () => {
  const { google, party } = await start();
  google.quirks.claims = { azp: "somebody-else" };
  expect(await outcome(google, party)).toMatch(/azp/);
});

it("takes the other clock for right within a minute, and refuses tokens of two hours ago and of two hours ahead", async () => {
  const { google, party } = await start();
  google.clock.move(-2 * hour);
  expect(await outcome(google, party)).toMatch(/^sign_in_provider_failed: .*exp/);
  google.clock.reset();
  google.clock.move(2 * hour);
  expect(await outcome(google, party)).toMatch(/^sign_in_provider_failed: .*clocks is wrong/);
  for (const seconds of [50, -50]) {
    google.clock.reset();
    google.clock.move(seconds * 1000);
    expect(await outcome(google, party)).toBe(ada().sub);
  }
});

it("finds new keys by itself, and no key that is not published", async () => {
  const { google, party } = await start();
  expect(await outcome(google, party)).toBe(ada().sub);
  await google.rotateKeys({ forget: true });
  expect(await outcome(google, party)).toBe(ada().sub);
  expect(google.requests.filter(({ endpoint }) => endpoint === "keys")).toHaveLength(2);
  expect(google.requests.filter(({ endpoint }) => endpoint === "discovery")).toHaveLength(1);
});

it("shows both issuers where they differ by a slash at the end alone", async () => {
  const { google } = await start();
  const said = await outcome(google, partyOf(google, `${google.issuer}/`));
  expect(said).toContain(`"${google.issuer}/"`);
  expect(said).toContain(`"${google.issuer}"`);
});

it("checks the issuer in the callback where the provider announces it (RFC 9207)", async () => {
  const { google, party } = await start();
  for (const callbackIssuer of ["missing", "wrong"] as const) {
    google.quirks.callbackIssuer = callbackIssuer;
    expect(await outcome(google, party)).toMatch(/^sign_in_provider_failed: .*iss/);
    expect(google.requests.filter(({ endpoint }) => endpoint === "token")).toEqual([]);
  }
});

it("refuses Google's old way to write its issuer", async () => {
  const { google, party } = await start();
  google.quirks.legacyIssuer = true;
  expect(await outcome(google, party)).toMatch(/calls itself/);
});

it("refuses UserInfo of somebody else", async () => {
  const { google, party } = await start();
  google.quirks.claims = { name: undefined };
  expect(await outcome(google, party)).toBe(ada().sub);
  google.quirks.otherUserinfo = true;
  expect(await outcome(google, party)).toMatch(/^sign_in_provider_failed: .*sub/);
});

it("keeps nobody out for a name or an address that is no text", async () => {
  const { google, party } = await start();
  const [person] = google.people;
  for (const [claims, info] of [
    [{ name: null, email: null }, {}],
    [{ name: 7, email: ["a"] }, {}],
    [
      { name: undefined, email: undefined },
      { name: {}, email: 5 },
    ],
  ]) {
    google.quirks.claims = claims ?? {};
    Object.assign(person ?? {}, ada(), info);
    expect(await outcome(google, party), JSON.stringify([claims, info])).toBe(ada().sub);
  }
});

it("takes no address for verified because UserInfo says so of another one", async () => {
  const { google, party } = await start();
  const told = async (claims: Readonly<Record<string, unknown>>) => {
    google.quirks.claims = { name: undefined, ...claims };
    const trip = journey();
    const { location } = await google.decide(await party.authorizationUrl(trip), ada().sub);
    const { email, email_verified } = await party.claims(location?.searchParams ?? new URLSearchParams(), trip);
    return [email, email_verified];
  };
  Object.assign(google.people[0] ?? {}, { email: "ada@example.com", email_verified: true });
  expect(await told({ email: "ceo@example.org", email_verified: undefined })).toEqual(["ceo@example.org", undefined]);
  expect(await told({ email_verified: undefined })).toEqual(["ada@example.com", true]);
  expect(await told({ email: undefined, email_verified: undefined })).toEqual(["ada@example.com", true]);
  Object.assign(google.people[0] ?? {}, { email_verified: false });
  expect(await told({ email: undefined, email_verified: true })).toEqual(["ada@example.com", false]);
});

it("refuses a provider that signs by a shared secret only", async () => {
  const { google, party } = await start();
  google.quirks.discovery = { id_token_signing_alg_values_supported: ["HS256", "none"] };
  expect(await outcome(google, party)).toMatch(/signs by HS256, none only/);
});

it("goes to no endpoint that is not of the web", async () => {
  const { google, party } = await start();
  for (const name of ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"]) {
    for (const endpoint of ["javascript:alert(1)", "file:///etc/passwd", "nowhere"]) {
      google.quirks.discovery = { [name]: endpoint };
      expect(await outcome(google, party)).toContain(`not https: ${endpoint}`);
    }
  }
});

it("refuses a code that was used, or that belongs to another sign-in", async () => {
  const { google, party } = await start();
  const [mine, other] = [journey(), journey()];
  const { location } = await google.decide(await party.authorizationUrl(mine), ada().sub);
  const callback = location?.searchParams ?? new URLSearchParams();
  const swapped = new URLSearchParams(callback);
  swapped.set("state", other.state);
  await expect(party.claims(swapped, other)).rejects.toMatchObject({ code: "sign_in_provider_failed" });
  await expect(party.claims(callback, mine)).rejects.toMatchObject({ code: "sign_in_provider_failed" });
});

it("is told apart what is down from what is not to be believed, endpoint by endpoint", async () => {
  const { google } = await start();
  const unreachable = /^sign_in_provider_unreachable: 127\.0\.0\.1:\d+ /;
  const failed = /^sign_in_provider_failed: 127\.0\.0\.1:\d+ /;
  const kinds = {
    error: unreachable,
    reset: unreachable,
    hang: unreachable,
    gzip: failed,
    half: unreachable,
    html: failed,
    huge: failed,
    redirect: failed,
  } as const;
  for (const endpoint of ["discovery", "keys", "token"]) {
    for (const [fault, expected] of Object.entries(kinds) as [keyof typeof kinds, RegExp][]) {
      if (fault === "hang" && endpoint !== "token") continue;
      // A party of its own: nothing is cached.
      const client = createHttpClient();
      onEnd(() => client.close());
      google.faults.clear();
      google.faults.set(endpoint, fault);
      expect(await outcome(google, partyOf(google, google.issuer, client)), `${endpoint} ${fault}`).toMatch(expected);
    }
  }
  google.faults.clear();
  await google.stop();
  expect(await outcome(google, partyOf(google, google.issuer))).toMatch(unreachable);
});
