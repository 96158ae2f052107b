// Every provider in a real browser: from its button on the sign-in page to a real node that is bound, and what goes wrong
// on the way there and back.
import type { Browser } from "playwright-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { startEntra, type EntraEmulator } from "../../emulators/entra/entra.js";
import { startGitHub, type GitHubEmulator } from "../../emulators/github/github.js";
import { startGoogle, type GoogleEmulator } from "../../emulators/google/google.js";
import { startOidcIssuer, type OidcIssuer } from "../../emulators/oidc-issuer/oidc-issuer.js";
import { startWeChat, type WeChatEmulator } from "../../emulators/wechat/wechat.js";
import { launchBrowser } from "../../support/browser.js";
import { onEnd } from "../../support/cleanup.js";
import { freePort, startCli } from "../../support/programs.js";
import { readShown, resultOf } from "../cli-site.js";
import { startBrowserSite, type BrowserSite } from "./site.js";
import { openVisitor, type Visitor, type VisitorOptions } from "./visitor.js";

/** Nobody has ever listened at this issuer's address. */
const away = {
  JITNODE_CONTROL_SIGNIN_AWAY_TYPE: "oidc",
  JITNODE_CONTROL_SIGNIN_AWAY_CLIENT_ID: "jitnode",
  JITNODE_CONTROL_SIGNIN_AWAY_ISSUER: "http://127.0.0.1:1",
  JITNODE_CONTROL_SIGNIN_AWAY_LABEL: "Nobody",
};

let browser: Browser;
let site: BrowserSite;
let google: GoogleEmulator;
let github: GitHubEmulator;
let wechat: WeChatEmulator;
let entra: EntraEmulator;
let oidc: OidcIssuer;

beforeAll(async () => {
  const port = await freePort();
  const callback = (name: string): string => `http://127.0.0.1:${port}/auth/callback/${name}`;
  [browser, google, github, wechat, entra, oidc] = await Promise.all([
    launchBrowser(),
    startGoogle({ redirectUris: [callback("google")] }),
    startGitHub({ callback: callback("github") }),
    startWeChat(),
    startEntra({ redirectUris: [callback("work")] }),
    startOidcIssuer({ redirectUris: [callback("home")] }),
  ]);
  for (const emulator of [google, github, wechat, entra, oidc]) onEnd(() => emulator.close(), "file");
  site = await startBrowserSite({
    port,
    signup: "open",
    env: {
      ...google.settings("GOOGLE"),
      ...github.settings("GITHUB"),
      ...wechat.settings("WECHAT"),
      ...entra.settings("WORK"),
      ...oidc.settings("HOME"),
      JITNODE_CONTROL_SIGNIN_GITHUB_LABEL: "GitHub",
      JITNODE_CONTROL_SIGNIN_HOME_LABEL: "Example ID 节点",
      ...away,
    },
  });
});

afterEach(async () => {
  github.faults.clear();
  await github.listen();
});

const open = (options?: VisitorOptions): Promise<Visitor> => openVisitor(browser, site.url, options);

type Way = { readonly provider: string; readonly label: string; readonly agree: string; readonly name: string };

const ways: readonly Way[] = [
  { provider: "google", label: "Google", agree: "Continue as Ada Example (ada@example.com)", name: "Ada Example" },
  { provider: "github", label: "GitHub", agree: "Authorize as lin-wei", name: "Lin Wei" },
  { provider: "wechat", label: "WeChat", agree: "Scan and confirm as 小林 Lin 🚀", name: "小林 Lin 🚀" },
  { provider: "entra", label: "Microsoft", agree: "Accept as AdeleV@contoso.example", name: "Adele Vance" },
  { provider: "oidc", label: "Example ID 节点", agree: "Sign in as Noor Example", name: "Noor Example" },
];

/** From the sign-in page back to the control plane, signed in. */
async function signIn(visitor: Visitor, { label, agree }: Way): Promise<void> {
  await visitor.leaveFor(label);
  await visitor.press(agree);
}

const way = (provider: string): Way => {
  const found = ways.find((each) => each.provider === provider);
  if (found === undefined) throw new Error(provider);
  return found;
};

describe("from the button on the sign-in page to a bound node", () => {
  test.each(ways)("$provider", async ({ provider, label, agree, name }) => {
    const visitor = await open({ javaScript: provider !== "github" && provider !== "oidc" });
    const node = await site.node(`by ${provider}`);
    await visitor.go(node.link);
    expect(visitor.at().pathname).toBe("/sign-in");
    await visitor.look("sign-in");
    await visitor.leaveFor(label);
    await visitor.press(agree);
    // The provider has said everything that an account needs.
    expect(visitor.at().search).toBe(`?code=${node.code}`);
    await visitor.press("Continue");
    await visitor.fill("Number", node.number);
    await visitor.choose("Create a new organization");
    await visitor.fill("Name", `Org of ${name}`);
    await visitor.fill("Organization ID", `org-${provider}`);
    await visitor.choose("I agree to the agreement for organizations.");
    await visitor.press("Approve");
    expect(await visitor.heading()).toBe("The node is activated");
    await node.belongsTo(`org-${provider}`);

    // The second time it is the same person, who is asked for nothing.
    await visitor.go("/sign-out");
    await visitor.press("Sign out");
    await visitor.go("/");
    await visitor.leaveFor(label);
    await visitor.press(agree);
    expect(visitor.at().pathname).toBe("/");
    expect(await visitor.text()).toContain(`Org of ${name}`);
    await visitor.context.close();
  });
});

describe("on the way", () => {
  test.each(ways.filter(({ provider }) => provider !== "wechat"))(
    "cancelled at $provider: plain words, and another way in",
    async ({ label }) => {
      const visitor = await open();
      await visitor.go("/activate?code=BCDF-GHJK");
      await visitor.leaveFor(label);
      await visitor.press("Cancel");
      expect(await visitor.text()).not.toMatch(/access_denied|AADSTS/);
      await visitor.look("cancelled");
      await visitor.follow("To the start page");
      await signIn(visitor, way("github"));
      expect(visitor.at().search).toBe("?code=BCDF-GHJK");
      await visitor.context.close();
    },
  );

  test("declined at WeChat: it sends nobody back, or with the state alone; then plain words", async () => {
    const visitor = await open();
    await visitor.go("/sign-in");
    await visitor.leaveFor("WeChat");
    await visitor.press("Decline");
    expect(visitor.at().origin).toBe(wechat.url);
    wechat.quirks.declining = "state-only";
    await visitor.go("/sign-in");
    await visitor.leaveFor("WeChat");
    await visitor.press("Decline");
    wechat.quirks.declining = "stays";
    expect(visitor.at().origin).toBe(site.url);
    await visitor.look("declined");
    await visitor.context.close();
  });

  test("back and reload at every step", async () => {
    github.people.push({ id: 777, login: "nameless", name: "\u200b", email: null, emails: [] });
    const visitor = await open();
    const { page } = visitor;
    await visitor.go("/sign-in");
    await visitor.leaveFor("GitHub");
    await page.reload();
    await page.goBack();
    expect(visitor.at().pathname).toBe("/sign-in");
    await page.reload();
    await visitor.leaveFor("GitHub");
    await visitor.press("Authorize as nameless");
    expect(visitor.at().pathname).toBe("/sign-in/finish");
    await page.reload();
    expect(visitor.at().pathname).toBe("/sign-in/finish");
    await visitor.look("finish");
    // Back at the provider, and through it a second time: that attempt is over.
    await page.goBack();
    expect(visitor.at().origin).toBe(github.url);
    await visitor.press("Authorize as nameless");
    expect(visitor.at().pathname).toBe("/auth/callback/github");
    await visitor.look("a callback of an attempt that is over");
    await visitor.go("/sign-in");
    await visitor.leaveFor("GitHub");
    await visitor.press("Authorize as nameless");
    await visitor.fill("Your name", "\u200b");
    await visitor.press("Create account");
    expect(visitor.at().pathname).toBe("/sign-in/finish");
    await visitor.look("finish, refused");
    await page.reload();
    await visitor.follow("中文");
    await visitor.look("finish, refused, in Chinese");
    await visitor.follow("English");
    await visitor.fill("Your name", "Mona 节点");
    await visitor.press("Create account");
    expect(visitor.at().pathname).toBe("/");
    // The account is made once, however often its form is sent.
    await page.goBack();
    await page.reload();
    await visitor.look("the form of an account that is made");
    await visitor.go("/");
    expect(await visitor.heading()).toContain("Mona 节点");
    await visitor.context.close();
  });

  test("two tabs on their way at once both arrive", async () => {
    const visitor = await open();
    const other = await visitor.tab();
    await visitor.go("/sign-in");
    await other.go("/sign-in");
    await visitor.leaveFor("GitHub");
    await other.leaveFor("Google");
    await visitor.press("Authorize as lin-wei");
    expect(await visitor.heading()).toContain("Lin Wei");
    await other.press(way("google").agree);
    expect(await other.heading()).toContain("Ada Example");
    await visitor.context.close();
  });
});

describe("a callback", () => {
  test("without a state, with one of nobody's, sent twice, or in another browser signs nobody in", async () => {
    const [visitor, stranger] = [await open(), await open()];
    await visitor.go("/auth/callback/github?code=abc");
    expect(await signedIn(visitor)).toBe(false);
    await visitor.go("/auth/callback/github?code=abc&state=nonsense");
    await visitor.look("state of nobody's");
    expect(await signedIn(visitor)).toBe(false);

    await visitor.go("/sign-in");
    await visitor.leaveFor("GitHub");
    const { location } = await github.decide(visitor.page.url(), "lin-wei");
    const callback = location?.href ?? "";
    // Somebody on a way of their own, too; and the other's is not used up by that.
    await stranger.go("/sign-in");
    await stranger.leaveFor("GitHub");
    await stranger.go(callback);
    await stranger.look("another browser's callback");
    expect(await signedIn(stranger)).toBe(false);

    await visitor.go(callback);
    expect(await signedIn(visitor)).toBe(true);
    await stranger.go(callback);
    expect(await signedIn(stranger)).toBe(false);
    await visitor.go("/sign-out");
    await visitor.press("Sign out");
    await visitor.go(callback);
    expect(await signedIn(visitor)).toBe(false);
    await Promise.all([visitor.context.close(), stranger.context.close()]);
  });
});

async function signedIn(visitor: Visitor): Promise<boolean> {
  await visitor.go("/");
  return visitor.at().pathname === "/";
}

describe("a provider that fails", () => {
  test.each([
    ["answers HTML", () => github.faults.set("token", "html")],
    ["answers 500", () => github.faults.set("user", "error")],
    ["breaks the connection", () => github.faults.set("token", "reset")],
    ["is gone", () => github.stop()],
  ])("%s: a page in plain words, nobody signed in, the others work", async (_what, fail) => {
    const visitor = await open();
    await visitor.go("/sign-in");
    await visitor.leaveFor("GitHub");
    const { location } = await github.decide(visitor.page.url(), "lin-wei");
    await fail();
    await visitor.go(location?.href ?? "");
    expect(await visitor.text()).toMatch(/^The sign-in provider/);
    await visitor.look("a provider that fails");
    expect(await signedIn(visitor)).toBe(false);
    await signIn(visitor, way("google"));
    expect(await signedIn(visitor)).toBe(true);
    await visitor.context.close();
  });

  test("one that has never been there: its button says so, the others work", async () => {
    const visitor = await open();
    await visitor.go("/sign-in");
    await visitor.press("Continue with Nobody");
    expect(visitor.at().origin).toBe(site.url);
    expect(await visitor.text()).toContain("The sign-in provider does not answer at the moment.");
    await visitor.look("a provider that is away");
    // Its page is one to come back to: the button is not pressed again by that.
    await visitor.page.reload();
    await visitor.go("/agreement");
    await visitor.page.goBack();
    expect(visitor.at().pathname).toBe("/refused");
    expect(await visitor.text()).toContain("The sign-in provider does not answer at the moment.");
    await visitor.go("/sign-in");
    await signIn(visitor, way("oidc"));
    expect(await signedIn(visitor)).toBe(true);
    await visitor.context.close();
  });
});

describe("more than one way in", () => {
  test("a second provider is linked from inside, signs in to the same account, and is unlinked; the last one stays", async () => {
    const visitor = await open();
    await visitor.go("/sign-in");
    await visitor.leaveFor("Google");
    await visitor.press("Continue as Grace Other (grace@other.example)");
    await visitor.go("/account");
    expect(await visitor.page.getByRole("button", { name: "Unlink" }).count()).toBe(0);
    await visitor.leaveFor("WeChat", "Link WeChat");
    // Linking to an account what signs in to another one is refused.
    await visitor.press(way("wechat").agree);
    expect(await visitor.text()).toMatch(/another account/i);
    await visitor.look("somebody else's way in");

    wechat.people.push({ openid: "o6_grace", unionid: "o6_union_grace", nickname: "Grace", headimgurl: "" });
    await visitor.go("/account");
    await visitor.leaveFor("WeChat", "Link WeChat");
    await visitor.press("Scan and confirm as Grace");
    expect(visitor.at().pathname).toBe("/account");
    await visitor.look("account with two ways in");

    const second = await open();
    await second.go("/sign-in");
    await second.leaveFor("WeChat");
    await second.press("Scan and confirm as Grace");
    expect(await second.heading()).toContain("Grace Other");

    await visitor.page.getByRole("button", { name: "Unlink" }).first().click();
    await visitor.page.waitForLoadState();
    await visitor.go("/account");
    expect(await visitor.page.getByRole("button", { name: "Unlink" }).count()).toBe(0);
    expect(await visitor.text()).toContain("The last way in cannot be unlinked.");
    await Promise.all([visitor.context.close(), second.context.close()]);
  });

  test("the e-mail address of somebody else's account opens nothing", async () => {
    oidc.people.push({ sub: "mallory", name: "Mallory", email: "ada@example.com", email_verified: true });
    const visitor = await open();
    await visitor.go("/sign-in");
    await visitor.leaveFor("Example ID 节点");
    await visitor.press("Sign in as Mallory");
    expect(await visitor.heading()).toContain("Mallory");
    expect(await visitor.text()).not.toContain("Org of Ada Example");
    await visitor.context.close();
  });
});

test("a name that is a script, an escape sequence and right-to-left comes from a provider and does nothing", async () => {
  github.people.push({
    id: 666,
    login: "evil",
    name: `<script>alert(1)</script>\u001b[31m\u202egnp`,
    email: null,
    emails: [],
  });
  const visitor = await open();
  await visitor.go("/sign-in");
  await visitor.leaveFor("GitHub");
  await visitor.press("Authorize as evil");
  await visitor.look("a hostile name");
  expect(visitor.at().pathname).toBe("/sign-in/finish");
  await visitor.fill("Your name", "<b>عقدة</b>");
  await visitor.press("Create account");
  expect(await visitor.heading()).toContain("<b>عقدة</b>");
  await visitor.look("home of a hostile name");
  await visitor.context.close();
});

test("`jitnode login`: its page, a provider, the number, and the terminal is signed in", async () => {
  const login = startCli(["login", "--server", site.url]);
  const shown = await readShown(login);
  const visitor = await open({ javaScript: false });
  await visitor.go(shown.link);
  await signIn(visitor, way("entra"));
  expect(visitor.at().search).toContain(shown.code);
  await visitor.press("Continue");
  await visitor.fill("Number", shown.number);
  await visitor.press("Approve");
  expect(await visitor.heading()).toBe("The terminal is signed in");
  const result = await resultOf(login);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  await visitor.context.close();
});
