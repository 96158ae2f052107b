// What happens to ways into accounts when two do something at the same moment, on both databases.
import { describe, expect, it } from "vitest";
import { createControlApp } from "../../../../src/control/http/server.js";
import { webRoutes } from "../../../../src/control/web/index.js";
import { startGitHub } from "../../../emulators/github/github.js";
import { startGoogle } from "../../../emulators/google/google.js";
import { ada, grace } from "../../../emulators/google/people.js";
import type { PageClient } from "../../../e2e/page-client.js";
import { onEnd } from "../../../support/cleanup.js";
import { dialects } from "../../control-context.js";
import type { TestSite } from "../site.js";
import { begin, callbackOf, codeOf, createProviderSite, decide, signIn } from "./journey.js";

const start = async (url: string) => ({
  GOOGLE: await startGoogle({ redirectUris: [callbackOf(url, "google")] }),
  GITHUB: await startGitHub({ callback: callbackOf(url, "github") }),
});

const identities = ({ context }: TestSite) =>
  context.store.db.selectFrom("identities").select(["provider", "account_id"]).orderBy("provider").execute();

const unlinks = async (browser: PageClient) =>
  (await browser.get("/account")).forms.filter(({ action }) => action.endsWith("/unlink"));

describe.each(dialects)("on %s", (dialect) => {
  const open = () => createProviderSite(start, { dialect });

  it("one callback that is sent five times at once signs in once", async () => {
    const site = await open();
    const browser = site.open();
    const callback = await decide(site.at.GOOGLE, await begin(browser, "google"), ada().sub);
    const pages = await Promise.all([1, 2, 3, 4, 5].map(() => browser.get(callback)));
    expect(pages.map(codeOf).filter((code) => code === "sign_in_attempt_invalid")).toHaveLength(4);
    expect(await site.context.store.db.selectFrom("browser_sessions").select("id").execute()).toHaveLength(1);
    expect(site.at.GOOGLE.requests.filter(({ endpoint }) => endpoint === "token")).toHaveLength(1);
  });

  it("one callback that comes to two replicas at once signs in once, and never again", async () => {
    const site = await open();
    const replica = createControlApp(site.context, webRoutes).app;
    onEnd(async () => void (await replica.close()));
    const browser = site.open();
    const callback = await decide(site.at.GOOGLE, await begin(browser, "google"), ada().sub);
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const ask = () => replica.inject({ url: callback, headers: { cookie } });
    const [page, answer] = await Promise.all([browser.get(callback), ask()]);
    const signedIn = [page.path === "/", answer.statusCode === 303].filter(Boolean).length;
    const count = async () =>
      (await site.context.store.db.selectFrom("browser_sessions").select("id").execute()).length;
    // Replicas share a PostgreSQL; on SQLite there are none, and nobody gets in more than once.
    expect(signedIn).toSatisfy((times: number) => (dialect === "postgres" ? times === 1 : times <= 1));
    expect(await count()).toBe(signedIn);
    expect((await ask()).statusCode).toBe(400);
    expect(codeOf(await browser.get(callback))).toBe("sign_in_attempt_invalid");
    expect(await count()).toBe(signedIn);
  });

  it("a callback that the provider refuses is used up", async () => {
    const site = await open();
    const browser = site.open();
    const callback = await decide(site.at.GOOGLE, await begin(browser, "google"), ada().sub);
    expect(codeOf(await browser.get(callback.replace(/code=[^&]+/, "code=other")))).toBe("sign_in_provider_failed");
    expect(codeOf(await browser.get(callback))).toBe("sign_in_attempt_invalid");
    expect(site.at.GOOGLE.requests.filter(({ endpoint }) => endpoint === "token")).toHaveLength(1);
  });

  it("a callback whose session cannot be written leaves nothing half, and is used up", async () => {
    const site = await open();
    const { db } = site.context.store;
    await signIn(site.open(), "google", site.at.GOOGLE, ada().sub);
    const before = await db.selectFrom("identities").selectAll().execute();
    const browser = site.open();
    const callback = await decide(site.at.GOOGLE, await begin(browser, "google"), ada().sub);
    await db.schema.alterTable("browser_sessions").renameTo("away").execute();
    expect((await browser.get(callback)).status).toBe(500);
    await db.schema
      .alterTable("away" as "browser_sessions")
      .renameTo("browser_sessions")
      .execute();
    expect(await db.selectFrom("identities").selectAll().execute()).toEqual(before);
    expect(await db.selectFrom("browser_sessions").select("id").execute()).toHaveLength(1);
    expect(codeOf(await browser.get(callback))).toBe("sign_in_attempt_invalid");
  });

  it("one person at a provider, linked by two accounts at once, belongs to one of them", async () => {
    const site = await open();
    const { GITHUB, GOOGLE } = site.at;
    const browsers = [site.open(), site.open()];
    const callbacks = await Promise.all(
      browsers.map(async (browser, index) => {
        await signIn(browser, "google", GOOGLE, [ada(), grace()][index]?.sub ?? "");
        const form = (await browser.get("/account")).form("/auth/start/github");
        return await decide(GITHUB, await begin(browser, "github", form), "lin-wei");
      }),
    );
    const pages = await Promise.all(browsers.map((browser, index) => browser.get(callbacks[index] ?? "")));
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await identities(site)).map(({ provider }) => provider)).toEqual(["github", "google", "google"]);
  });

  it("two ways in that are unlinked at once leave one", async () => {
    const site = await open();
    const { GITHUB, GOOGLE } = site.at;
    const browser = site.open();
    await signIn(browser, "google", GOOGLE, ada().sub);
    const form = (await browser.get("/account")).form("/auth/start/github");
    await browser.get(await decide(GITHUB, await begin(browser, "github", form), "lin-wei"));
    const both = await unlinks(browser);
    expect(both).toHaveLength(2);
    const pages = await Promise.all(both.map((each) => browser.submit(each)));
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await identities(site)).toHaveLength(1);
  });
});
