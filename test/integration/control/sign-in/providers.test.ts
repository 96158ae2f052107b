import { describe, expect, it } from "vitest";
import { adele } from "../../../emulators/entra/people.js";
import { startEntra } from "../../../emulators/entra/entra.js";
import { startGitHub } from "../../../emulators/github/github.js";
import { startGoogle } from "../../../emulators/google/google.js";
import { ada } from "../../../emulators/google/people.js";
import { xiaolin } from "../../../emulators/wechat/people.js";
import { startWeChat } from "../../../emulators/wechat/wechat.js";
import { createPageClient } from "../../../e2e/page-client.js";
import type { TestSite } from "../site.js";
import { begin, callbackOf, createProviderSite, decide, placeOf, signIn } from "./journey.js";

const identities = ({ context }: TestSite) =>
  context.store.db
    .selectFrom("identities")
    .innerJoin("accounts", "accounts.id", "identities.account_id")
    .select(["provider", "issuer", "subject", "display", "name", "origin"])
    .execute();

const all = async (url: string) => ({
  GOOGLE: await startGoogle({ redirectUris: [callbackOf(url, "google")] }),
  GITHUB: await startGitHub({ callback: callbackOf(url, "github") }),
  WECHAT: await startWeChat(),
  MS365: await startEntra({ redirectUris: [callbackOf(url, "ms365")] }),
});

describe("sign-in providers", () => {
  it("has a button for each, with its label and mark", async () => {
    const site = await createProviderSite(all, { environment: { JITNODE_CONTROL_SIGNIN_MS365_LABEL: "Contoso" } });
    const page = await site.open().get("/sign-in");
    expect(page.forms.map(({ action }) => action).filter((action) => action.startsWith("/auth/"))).toEqual([
      "/auth/start/google",
      "/auth/start/github",
      "/auth/start/wechat",
      "/auth/start/ms365",
    ]);
    for (const label of ["Google", "WeChat", "Contoso"]) expect(page.text).toContain(label);
    expect(page.html.match(/class="provider-mark"/g)).toHaveLength(4);
  });

  it("is called in Chinese as Chinese writes it, on the button, on the way and on the page of the account", async () => {
    const site = await createProviderSite(all, { environment: { JITNODE_CONTROL_SIGNIN_MS365_LABEL: "企业账号" } });
    const browser = createPageClient(site.url, { headers: { "accept-language": "zh-CN" } });
    const page = await browser.get("/sign-in");
    for (const text of ["使用 Google 继续", "使用微信继续", "使用企业账号继续"]) expect(page.text).toContain(text);
    const onTheWay = await browser.submit(page.form("/auth/start/wechat"));
    expect(onTheWay.heading).toBe("正在前往微信");
    await browser.get(await decide(site.at.WECHAT, placeOf(onTheWay), xiaolin().openid));
    const account = await browser.get("/account");
    expect(account.text).toContain("微信");
    expect(account.text).not.toContain("WeChat");
  });

  it("makes an account of a person who signs in with any of them, and knows them again", async () => {
    const site = await createProviderSite(all);
    const { GOOGLE, GITHUB, WECHAT, MS365 } = site.at;
    const ways = [
      ["google", GOOGLE, ada().sub, "Hello, Ada Example"],
      ["github", GITHUB, "lin-wei", "Hello, Lin Wei"],
      ["wechat", WECHAT, xiaolin().openid, "Hello, 小林 Lin 🚀"],
      ["ms365", MS365, adele().oid, "Hello, Adele Vance"],
    ] as const;
    for (const [name, emulator, person, heading] of ways) {
      for (const browser of [site.open(), site.open()]) {
        const page = await signIn(browser, name, emulator, person);
        expect([page.status, page.path, page.heading]).toEqual([200, "/", heading]);
      }
    }
    expect(await identities(site)).toEqual([
      {
        provider: "google",
        issuer: GOOGLE.url,
        subject: ada().sub,
        display: "ada@example.com",
        name: "Ada Example",
        origin: "open",
      },
      {
        provider: "github",
        issuer: GITHUB.url,
        subject: "583231",
        display: "lin-wei",
        name: "Lin Wei",
        origin: "open",
      },
      {
        provider: "wechat",
        issuer: WECHAT.url,
        subject: xiaolin().unionid,
        display: xiaolin().nickname,
        name: xiaolin().nickname,
        origin: "open",
      },
      {
        provider: "ms365",
        issuer: MS365.issuer,
        subject: adele().oid,
        display: "AdeleV@contoso.example",
        name: "Adele Vance",
        origin: "open",
      },
    ]);
  });

  it("sends state, nonce and a challenge to the provider, each of them new, and the verifier only to its token endpoint", async () => {
    const site = await createProviderSite(all);
    const browser = site.open();
    const [first, second] = [new URL(await begin(browser, "google")), new URL(await begin(browser, "google"))];
    for (const name of ["state", "nonce", "code_challenge"]) {
      expect(first.searchParams.get(name)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(first.searchParams.get(name)).not.toBe(second.searchParams.get(name));
    }
    expect(first.searchParams.get("redirect_uri")).toBe(callbackOf(site.url, "google"));
    expect(await browser.get(await decide(site.at.GOOGLE, first.href, ada().sub))).toMatchObject({ path: "/" });
    const verifier = site.at.GOOGLE.requests.find(({ endpoint }) => endpoint === "token")?.form.get("code_verifier");
    expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(first.href).not.toContain(verifier);
    const rows = await site.context.store.db.selectFrom("sign_in_attempts").selectAll().execute();
    for (const secret of [first.searchParams.get("state"), verifier, browser.cookies.get("jitnode-sign-in")]) {
      expect(JSON.stringify(rows)).not.toContain(secret);
    }
  });
});
