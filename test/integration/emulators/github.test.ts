// The emulated GitHub behaves as the reference says GitHub does.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hour, minute } from "../../emulators/common/clock.js";
import { allowedRedirect, startGitHub, type GitHubEmulator } from "../../emulators/github/github.js";
import { onEnd } from "../../support/cleanup.js";
import { callback, makePkce, members, postForm, withParameters, type Pkce } from "./authorization.js";

let github: GitHubEmulator;
let pkce: Pkce;
beforeAll(async () => {
  github = await startGitHub({ callback });
  onEnd(() => github.close(), "file");
});
beforeEach(() => {
  pkce = makePkce();
  github.clock.reset();
  github.faults.clear();
});

const json = { accept: "application/json" };

function authorizeUrl(more: Readonly<Record<string, string>> = {}): string {
  return withParameters(`${github.url}/login/oauth/authorize`, {
    client_id: github.client.id,
    redirect_uri: callback,
    scope: "read:user user:email",
    state: "state-1",
    code_challenge: pkce.challenge,
    code_challenge_method: "S256",
    ...more,
  });
}

async function obtainCode(person = "lin-wei", more: Readonly<Record<string, string>> = {}): Promise<string> {
  const { location } = await github.decide(authorizeUrl(more), person);
  expect(location?.searchParams.get("state")).toBe("state-1");
  return location?.searchParams.get("code") ?? "";
}

function exchange(
  code: string,
  more: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = json,
) {
  const { id, secret } = github.client;
  const fields = { client_id: id, client_secret: secret, code, redirect_uri: callback, code_verifier: pkce.verifier };
  return postForm(`${github.url}/login/oauth/access_token`, { ...fields, ...more }, headers);
}

const tokenFor = async (person?: string, scope = "read:user user:email"): Promise<string> =>
  String((await members(await exchange(await obtainCode(person, { scope }))))["access_token"]);

const get = (path: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${github.url}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });

describe("the token endpoint", () => {
  test("answers form-encoded unless JSON is asked for; scopes are separated by commas", async () => {
    const plain = await exchange(await obtainCode(), {}, {});
    expect(plain.headers.get("content-type")).toMatch("application/x-www-form-urlencoded");
    const form = new URLSearchParams(await plain.text());
    expect([form.get("scope"), form.get("token_type")]).toEqual(["read:user,user:email", "bearer"]);
    expect(await members(await exchange(await obtainCode()))).toMatchObject({ scope: "read:user,user:email" });
  });

  test("says what is wrong with status 200: a code used, expired, unknown, with another verifier", async () => {
    const used = await obtainCode();
    await exchange(used);
    const expired = await obtainCode();
    github.clock.move(10 * minute);
    const late = await exchange(expired);
    github.clock.reset();
    const answers = [await exchange(used), late, await exchange("nonsense")];
    answers.push(await exchange(await obtainCode(), { code_verifier: makePkce().verifier }));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(await members(answer)).toMatchObject({ error: "bad_verification_code" });
    }
  });

  test("refuses a wrong secret and another redirect URI, also with status 200", async () => {
    const secret = await exchange(await obtainCode(), { client_secret: "wrong" });
    expect([secret.status, await members(secret)]).toMatchObject([200, { error: "incorrect_client_credentials" }]);
    const other = await exchange(await obtainCode(), { redirect_uri: `${callback}/other` });
    expect([other.status, await members(other)]).toMatchObject([200, { error: "redirect_uri_mismatch" }]);
  });

  test("keeps ten tokens for the same person and scopes", async () => {
    const first = await tokenFor();
    for (let token = 0; token < 10; token += 1) await tokenFor();
    expect((await get("/user", first)).status).toBe(401);
  });
});

describe("the page", () => {
  test("sends a person who cancels back with access_denied", async () => {
    const { location } = await github.decide(authorizeUrl(), "cancel");
    expect(Object.fromEntries(location?.searchParams ?? [])).toMatchObject({
      error: "access_denied",
      state: "state-1",
    });
  });

  test("takes only S256, and never sends anybody to a redirect URI that is not registered", async () => {
    expect((await github.decide(authorizeUrl({ code_challenge_method: "plain" }), "mona")).status).toBe(400);
    const { location } = await github.decide(authorizeUrl({ redirect_uri: "https://evil.example/" }), "mona");
    expect(location?.href).toMatch(callback);
    expect(location?.searchParams.get("error")).toBe("redirect_uri_mismatch");
  });

  test.each([
    ["https://a.example/cb", "https://a.example/cb", true],
    ["https://a.example/cb", "https://a.example/cb/github", true],
    ["https://a.example/cb", "https://a.example/cbx", false],
    ["https://a.example/cb", "https://a.example:444/cb", false],
    ["https://a.example/cb", "http://a.example/cb", false],
    ["https://a.example/cb", "https://b.a.example/cb", false],
    ["http://127.0.0.1/cb", "http://127.0.0.1:7070/cb", true],
    ["http://localhost/cb", "http://localhost:7070/cb", false],
  ])("registered %s, asked for %s: %s", (registered, wanted, allowed) => {
    expect(allowedRedirect(registered, wanted)).toBe(allowed);
  });
});

describe("who it is", () => {
  test("is the numeric id, at github.com's and at Enterprise Server's paths; a login can be renamed and taken", async () => {
    const token = await tokenFor();
    expect(await members(await get("/user", token))).toMatchObject({ id: 583231, login: "lin-wei", email: null });
    const [lin, mona] = github.people;
    if (lin === undefined || mona === undefined) throw new Error("two people");
    Object.assign(lin, { login: "lin-renamed" });
    Object.assign(mona, { login: "lin-wei" });
    expect(await members(await get("/api/v3/user", token))).toMatchObject({ id: 583231, login: "lin-renamed" });
    expect(await members(await get("/user", await tokenFor("lin-wei")))).toMatchObject({ id: 9182736 });
    Object.assign(mona, { login: "mona" });
    Object.assign(lin, { login: "lin-wei" });
  });

  test("e-mail addresses come in pages, and only with their scope", async () => {
    const token = await tokenFor();
    const second = await get("/user/emails?per_page=1&page=2", token);
    expect(JSON.parse(await second.text())).toEqual([
      { email: "lin.wei@example.com", primary: true, verified: true, visibility: "private" },
    ]);
    expect((await get("/user/emails", await tokenFor("lin-wei", "read:user"))).status).toBe(404);
  });

  test("refuses a request without User-Agent, and too many of them in an hour", async () => {
    const token = await tokenFor();
    expect((await get("/user", token, { "user-agent": "" })).status).toBe(403);
    github.limits.requestsPerHour = 1;
    expect((await get("/user", token)).status).toBe(200);
    const limited = await get("/user", token);
    expect([limited.status, limited.headers.get("x-ratelimit-remaining")]).toEqual([403, "0"]);
    github.clock.move(hour);
    expect((await get("/user", token)).status).toBe(200);
    github.limits.requestsPerHour = 5000;
  });
});

test("faults: HTML, an error, a redirect, ten megabytes, silence, a broken connection", async () => {
  const fetchUser = (signal?: AbortSignal) =>
    fetch(`${github.url}/user`, { redirect: "manual", ...(signal && { signal }) });
  github.faults.set("user", "html");
  expect((await fetchUser()).headers.get("content-type")).toMatch("text/html");
  github.faults.set("user", "error");
  expect((await fetchUser()).status).toBe(500);
  github.faults.set("user", "redirect");
  expect((await fetchUser()).status).toBe(302);
  github.faults.set("user", "huge");
  expect((await (await fetchUser()).arrayBuffer()).byteLength).toBeGreaterThan(10 * 2 ** 20);
  github.faults.set("user", "hang");
  await expect(fetchUser(AbortSignal.timeout(100))).rejects.toThrow(/timeout/);
  github.faults.set("user", "reset");
  await expect(fetchUser()).rejects.toThrow();
  await github.stop();
  await expect(fetchUser()).rejects.toThrow();
  await github.listen();
  github.faults.clear();
  expect((await fetchUser()).status).toBe(401);
});
