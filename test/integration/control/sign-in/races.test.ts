// What happens to ways into accounts when two do something at the same moment, on both databases.
import { describe, expect, it } from "vitest";
import { startGitHub } from "../../../emulators/github/github.js";
import { startGoogle } from "../../../emulators/google/google.js";
import { ada, grace } from "../../../emulators/google/people.js";
import type { PageClient } from "../../../e2e/page-client.js";
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
