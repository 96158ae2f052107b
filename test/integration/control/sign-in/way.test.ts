import { expect, it } from "vitest";
import { startGitHub } from "../../../emulators/github/github.js";
import { lin, mona } from "../../../emulators/github/people.js";
import { startGoogle } from "../../../emulators/google/google.js";
import { ada, grace, pat } from "../../../emulators/google/people.js";
import { createHttpClient } from "../../../../src/platform/http-client.js";
import { createBrowserSessions } from "../../../../src/control/services/browser-sessions.js";
import { createSignIns } from "../../../../src/control/services/sign-ins.js";
import { createProviderHttp } from "../../../../src/control/sign-in/http.js";
import { onEnd } from "../../../support/cleanup.js";
import type { TestSite } from "../site.js";
import { begin, callbackOf, codeOf, createProviderSite, decide, placeOf, signIn } from "./journey.js";

const google = async (url: string) => ({ GOOGLE: await startGoogle({ redirectUris: [callbackOf(url, "google")] }) });
const two = async (url: string) => ({
  ...(await google(url)),
  GITHUB: await startGitHub({ callback: callbackOf(url, "github") }),
});

const accounts = async ({ context }: TestSite): Promise<number> =>
  (await context.store.db.selectFrom("accounts").select("id").execute()).length;

it("takes a callback once, in the browser that started, and in no other", async () => {
  const site = await createProviderSite(google);
  const [mine, other] = [site.open(), site.open()];
  const callback = await decide(site.at.GOOGLE, await begin(mine, "google"), ada().sub);
  await begin(other, "google");
  for (const [browser, path] of [
    [other, callback],
    [site.open(), callback],
    [mine, callback.replace(/state=[^&]+&?/, "")],
    [mine, callback.replace(/state=[^&]+/, "state=")],
    [mine, `${callback}&state=another`],
  ] as const) {
    const page = await browser.get(path);
    expect([page.status, codeOf(page)], path).toEqual([400, "sign_in_attempt_invalid"]);
    expect(browser.cookies.has("jitnode")).toBe(false);
  }
  // None of them used it up.
  expect((await mine.get(callback)).path).toBe("/");
  expect(codeOf(await mine.get(callback))).toBe("sign_in_attempt_invalid");
  expect(await accounts(site)).toBe(1);
  expect(site.at.GOOGLE.requests.filter(({ endpoint }) => endpoint === "token")).toHaveLength(1);
});

it("refuses a callback at another provider's address, and one after ten minutes", async () => {
  const site = await createProviderSite(two);
  // Somebody known: nothing else but the attempt could be in the way.
  await signIn(site.open(), "google", site.at.GOOGLE, ada().sub);
  const browser = site.open();
  const callback = await decide(site.at.GOOGLE, await begin(browser, "google"), ada().sub);
  expect(codeOf(await browser.get(callback.replace("/google", "/github")))).toBe("sign_in_attempt_invalid");
  expect(site.at.GITHUB.requests).toEqual([]);
  expect(codeOf(await browser.get(callback.replace("/google", "/nowhere")))).toBe("sign_in_provider_unknown");
  site.context.advance(10 * 60_000);
  expect(codeOf(await browser.get(callback))).toBe("sign_in_attempt_invalid");
});

it("signs in from two tabs at once", async () => {
  const site = await createProviderSite(two);
  const browser = site.open();
  const [first, second] = [await begin(browser, "google"), await begin(browser, "github")];
  const callbacks = [await decide(site.at.GITHUB, second, "lin-wei"), await decide(site.at.GOOGLE, first, ada().sub)];
  for (const callback of callbacks) expect((await browser.get(callback)).path).toBe("/");
  expect(await accounts(site)).toBe(2);
});

it("starts nothing without the page's own token", async () => {
  const site = await createProviderSite(google);
  const browser = site.open();
  const { values } = (await browser.get("/sign-in")).form("/auth/start/google");
  expect(codeOf(await browser.post("/auth/start/google", {}))).toBe("csrf_invalid");
  const foreign = await browser.post("/auth/start/google", values, { "sec-fetch-site": "cross-site" });
  expect(codeOf(foreign)).toBe("csrf_invalid");
  expect(codeOf(await site.open().post("/auth/start/google", values))).toBe("csrf_invalid");
  expect(codeOf(await browser.post("/auth/start/google", { ...values, purpose: "link" }))).toBe("sign_in_needed");
  expect(placeOf(await browser.post("/auth/start/google", values))).toContain(site.at.GOOGLE.url);
});

it("leads back to where the person was going, and to no other place", async () => {
  const site = await createProviderSite(google);
  const browser = site.open();
  await browser.get("/activate?code=BCDF-GHJK");
  const code = await signIn(browser, "google", site.at.GOOGLE, ada().sub);
  expect(code.path).toBe("/activate?code=BCDF-GHJK");
  for (const target of ["https://evil.example/", "//evil.example", "/\\evil.example", "/auth/callback/google"]) {
    const another = site.open();
    await another.get("/sign-in");
    another.cookies.set("jitnode-next", target);
    expect((await signIn(another, "google", site.at.GOOGLE, ada().sub)).path).toBe("/");
  }
});

it("never takes an e-mail address for a person", async () => {
  const site = await createProviderSite(google);
  const { GOOGLE } = site.at;
  await signIn(site.open(), "google", GOOGLE, ada().sub);
  const other = GOOGLE.people.find(({ sub }) => sub === grace().sub);
  Object.assign(other ?? {}, { email: ada().email, email_verified: true, hd: "example.com" });
  expect((await signIn(site.open(), "google", GOOGLE, grace().sub)).heading).toBe("Hello, Grace Other");
  expect(await accounts(site)).toBe(2);
});

it("knows a GitHub person by id: renamed, and when somebody else takes the old login", async () => {
  const site = await createProviderSite(two);
  const { GITHUB } = site.at;
  await signIn(site.open(), "github", GITHUB, "lin-wei");
  const [first, second] = GITHUB.people;
  Object.assign(first ?? {}, { login: "lin-w", name: "Lin W." });
  Object.assign(second ?? {}, { login: "lin-wei" });
  expect((await signIn(site.open(), "github", GITHUB, "lin-w")).heading).toBe("Hello, Lin Wei");
  expect((await signIn(site.open(), "github", GITHUB, "lin-wei")).heading).toBe("Hello, lin-wei");
  const rows = await site.context.store.db.selectFrom("identities").select(["subject", "display"]).execute();
  expect(rows).toEqual([
    { subject: String(lin().id), display: "lin-w" },
    { subject: String(mona().id), display: "lin-wei" },
  ]);
});

it("admits the allowed Workspace domains only, by the claim in the ID token", async () => {
  const site = await createProviderSite(google, {
    environment: { JITNODE_CONTROL_SIGNIN_GOOGLE_ALLOWED_DOMAINS: "example.com, Example.ORG" },
  });
  const { GOOGLE } = site.at;
  for (const { sub } of [grace(), pat()]) {
    const page = await signIn(site.open(), "google", GOOGLE, sub);
    expect([page.status, codeOf(page)]).toEqual([403, "sign_in_not_permitted"]);
  }
  expect(await accounts(site)).toBe(0);
  expect((await signIn(site.open(), "google", GOOGLE, ada().sub)).path).toBe("/");
});

it("says that somebody declined, and lets them try again", async () => {
  const site = await createProviderSite(two);
  const browser = site.open();
  for (const [name, emulator] of [
    ["google", site.at.GOOGLE],
    ["github", site.at.GITHUB],
  ] as const) {
    const page = await signIn(browser, name, emulator, "cancel");
    expect([page.status, codeOf(page)]).toEqual([403, "sign_in_declined"]);
  }
  expect((await signIn(browser, "google", site.at.GOOGLE, ada().sub)).path).toBe("/");
});

it("goes on with the others while one provider is down, and says which way it failed", async () => {
  const site = await createProviderSite(two);
  const { GOOGLE, GITHUB } = site.at;
  await GOOGLE.stop();
  const browser = site.open();
  const page = await browser.submit((await browser.get("/sign-in")).form("/auth/start/google"));
  expect([page.status, codeOf(page)]).toEqual([502, "sign_in_provider_unreachable"]);
  expect((await signIn(browser, "github", GITHUB, "lin-wei")).path).toBe("/");
  await GOOGLE.listen();
  expect((await signIn(site.open(), "google", GOOGLE, ada().sub)).path).toBe("/");
});

it("counts also what cannot begin, since each asks the provider", async () => {
  const site = await createProviderSite(google);
  await site.at.GOOGLE.stop();
  const browser = site.open();
  const form = (await browser.get("/sign-in")).form("/auth/start/google");
  for (let count = 0; count < 600; count += 1) expect((await browser.submit(form)).status).toBe(502);
  expect((await browser.submit(form)).status).toBe(429);
});

it("leads back to the sign-in page from an address that forms alone are sent to", async () => {
  const site = await createProviderSite(google);
  await site.at.GOOGLE.stop();
  const browser = site.open();
  const page = await browser.submit((await browser.get("/sign-in")).form("/auth/start/google"));
  const chinese = page.links.find((link) => link.includes("lang=zh")) ?? "";
  expect(await browser.get(chinese)).toMatchObject({ status: 502, heading: "该登录服务暂时没有响应。" });
  expect(browser.page().links).toContain("/sign-in");
  expect(await browser.get("/auth/start/google?lang=zh")).toMatchObject({ path: "/sign-in", heading: "登录" });
});

it("shows both issuers on the page where they differ by a slash", async () => {
  const site = await createProviderSite(google);
  const slashed = await createProviderSite(google, {
    environment: { JITNODE_CONTROL_SIGNIN_GOOGLE_ISSUER: `${site.at.GOOGLE.url}/` },
  });
  const browser = slashed.open();
  const page = await browser.submit((await browser.get("/sign-in")).form("/auth/start/google"));
  expect(page.text).toContain(`"${site.at.GOOGLE.url}/"`);
  expect(page.text).toContain(`"${site.at.GOOGLE.url}"`);
  browser.cookies.set("jitnode-language", "zh");
  const chinese = await browser.submit((await browser.get("/sign-in")).form("/auth/start/google"));
  const { url } = site.at.GOOGLE;
  expect(chinese.heading).toBe(`设置的签发者（issuer）是 "${url}/"，而该登录服务自称 "${url}"。`);
  expect(chinese.text).toContain("包括末尾的斜杠");
});

it("refuses a disabled account", async () => {
  const site = await createProviderSite(google);
  await signIn(site.open(), "google", site.at.GOOGLE, ada().sub);
  await site.context.store.db.updateTable("accounts").set({ disabled_at: 1 }).execute();
  const browser = site.open();
  expect(codeOf(await signIn(browser, "google", site.at.GOOGLE, ada().sub))).toBe("account_disabled");
  expect(browser.cookies.has("jitnode")).toBe(false);
});

it("begins 600 sign-ins an hour for one address", async () => {
  const site = await createProviderSite(google);
  const client = createHttpClient();
  onEnd(() => client.close());
  const sessions = createBrowserSessions(site.context);
  const signIns = createSignIns(site.context, { http: createProviderHttp(client), sessions });
  const wish = { linkTo: undefined, link: undefined, target: undefined };
  const start = () => signIns.start("google", wish, "b".repeat(43), { address: "192.0.2.7", agent: "" });
  for (let count = 0; count < 600; count += 1) await start();
  await expect(start()).rejects.toMatchObject({ code: "rate_limited" });
});
