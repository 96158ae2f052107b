// Every page in a real browser, in both languages: nothing serious in the way of screen readers and keyboards (axe-core),
// nothing wider than a phone, Chinese in real glyphs, small, and nothing asked of any other host. With JITNODE_SCREENSHOTS
// set, pictures of each in both themes on phone and desktop are kept for looking at.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { createBindingCodes } from "../../../../src/control/services/binding-codes.js";
import { createInvitationLink, createResetLink, createSetupLink } from "../../../../src/control/services/links.js";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import { markConnected } from "../../../../src/control/store/nodes.js";
import { insertMembership } from "../../../../src/control/store/memberships.js";
import type { SignInSettings } from "../../../../src/config/sign-ins.js";
import { launchBrowser } from "../../../support/browser.js";
import { checkout } from "../../../support/checkout.js";
import { addPerson, addRequest, once } from "../../control-context.js";
import type { PageClient, ReadPage, SentFields } from "../../../e2e/page-client.js";
import { startGitHub } from "../../../emulators/github/github.js";
import { callbackOf, createProviderSite, signIn } from "../sign-in/journey.js";
import { createTestSite, enterCode, pathOf, setUp, type TestSite } from "../site.js";

const kept = process.env["JITNODE_SCREENSHOTS"] !== undefined;
const folder = join(checkout(), "test", "e2e", "screenshots");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let chromium: Browser;
beforeAll(async () => {
  chromium = await launchBrowser();
  if (kept) mkdirSync(folder, { recursive: true });
});

const languages = { en: "en-GB", zh: "zh-CN" } as const;
const phone = { width: 360, height: 740 };
const desktop = { width: 1200, height: 860 };

/** An organization with people, nodes in every state and a history. */
async function furnish(site: TestSite) {
  const { context } = site;
  const ada = await setUp(site);
  const create = async (id: string, name: string) =>
    ada.submit((await ada.get("/orgs/new")).form("/orgs/new"), { org_name: name, org_id: id, consent: "yes" });
  await create("rockets", "Rockets 火箭研究所");
  await create(
    "an-organization-id-of-forty-characters-1",
    "An organization whose name is as long as a name may be, which is eighty letters",
  );
  await create("quiet", "Quiet");
  for (const [name, role] of [
    ["王小明", "administrator"],
    ["Grace Hopper", "member"],
    ["a-name-without-any-break-that-is-as-long-as-names-may-be-so-it-has-eighty-letters", "member"],
  ] as const) {
    const { accountId } = await addPerson(context, { name });
    const row = {
      org_id: "rockets",
      account_id: accountId,
      role,
      joined_at: context.clock.now(),
      joined_by: "code",
    } as const;
    await context.store.transaction((tx) => insertMembership(tx, row));
  }
  const nodes = [];
  let activated = "";
  for (const name of ["构建服务器 节点-7", "build-server-7", "n".repeat(80)]) {
    const request = await addRequest(context, { node_name: name, node_os: "Debian GNU/Linux 13 (trixie)" });
    const asks = await enterCode(ada, request.userCode);
    const sent = { number: "42", organization: "use:rockets" };
    activated = (await ada.submit(asks.form(`/activate/${request.userCode}`), sent, "Approve")).path;
    nodes.push(request);
  }
  const now = context.clock.now();
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error("no nodes");
  await markConnected(context.store, first.nodeId, now, now + 3_600_000);
  await markConnected(context.store, second.nodeId, now - 7_200_000, now - 7_100_000);
  await context.store.db.updateTable("nodes").set({ possible_copy_at: now }).where("id", "=", second.nodeId).execute();
  await ada.submit((await ada.get("/orgs/rockets/code/refresh")).form("/orgs/rockets/code/refresh"));
  const member = await context.store.db
    .selectFrom("memberships")
    .select("account_id")
    .where("role", "=", "member")
    .executeTakeFirstOrThrow();
  // Reached by sending forms, and then to be looked at again by whoever sent them.
  const asking = async (columns: Parameters<typeof addRequest>[1]) => {
    const request = await addRequest(context, columns);
    return { request, page: await enterCode(ada, request.userCode) };
  };
  const terminal = {
    client_id: "jitnode-cli",
    dpop_jkt: null,
    public_jwk: null,
    node_name: "",
    agent: "jitnode/0.1.0 (linux; x64)",
  };
  const node = await asking({ node_name: "构建服务器 节点-8", node_os: "Debian GNU/Linux 13 (trixie)" });
  const signIn = await asking({ ...terminal, scope: "people" });
  const fromNode = await asking({ ...terminal, scope: "activate", org_hint: "submarines" });
  const unwanted = await asking({});
  const denied = await ada.submit(unwanted.page.form(`/activate/${unwanted.request.userCode}`), {}, "Deny");
  const invitation = pathOf(await createInvitationLink(context));
  const reset = pathOf(await createResetLink(context, "ada"));
  const refused = await refuse(site, ada, { node: node.request, terminal: fromNode.request, invitation, reset });
  const paths = {
    open: {
      "sign-in": "/sign-in",
      "sign-up": "/sign-up",
      invitation,
      reset,
      "link-invalid": "/reset/used",
      agreement: "/agreement",
      "not-found": "/nothing-here",
      ...refused.open,
    },
    inside: {
      home: "/",
      "code-enter": "/activate",
      "code-filled": "/activate?code=BCDF-GHJK",
      "node-asks": node.page.path,
      "node-activated": activated,
      "terminal-asks": signIn.page.path,
      "terminal-asks-code": fromNode.page.path,
      denied: denied.path,
      "sign-out": "/sign-out",
      "org-create": "/orgs/new",
      "org-join": "/orgs/join",
      "org-hidden": "/orgs/rockets",
      "org-shown": "/orgs/rockets?code=shown",
      "org-long": "/orgs/an-organization-id-of-forty-characters-1",
      "org-refresh": "/orgs/rockets/code/refresh",
      members: "/orgs/rockets/members",
      "members-alone": "/orgs/quiet/members",
      "members-none": "/orgs/rockets/members?q=nobody",
      "member-remove": `/orgs/rockets/members/${member.account_id}/remove`,
      nodes: "/orgs/rockets/nodes",
      "nodes-none": "/orgs/quiet/nodes",
      "node-unbind": `/orgs/rockets/nodes/${first.nodeId}/unbind`,
      activity: "/orgs/rockets/activity",
      "org-outside": "/orgs/submarines",
      account: "/account",
      "account-everywhere": "/account/sign-out-everywhere",
      ...refused.inside,
    },
  };
  return { cookie: ada.cookies.get("jitnode") ?? "", paths };
}

/** Where accounts need a binding code: one that is not set up yet, and somebody new whom a provider has named. */
async function furnishNew() {
  const fresh = await createTestSite();
  const site = await createProviderSite(
    async (url) => ({ GITHUB: await startGitHub({ callback: callbackOf(url, "github") }) }),
    { signup: "code" },
  );
  const founder = await addPerson(site.context);
  const organizations = createOrganizations(site.context);
  const rockets = { id: "rockets", name: "Rockets", agreement: organizations.agreement.version };
  await organizations.create(founder, rockets, once(rockets));
  const { binding_code: code } = await createBindingCodes(site.context).show(founder, "rockets");
  const newcomer = site.open();
  const asked = await signIn(newcomer, "github", site.at.GITHUB, "lin-wei");
  const member = site.open();
  const joined = (await member.get("/sign-up")).form("/sign-up");
  await member.submit(joined, {
    login: "grace",
    name: "Grace Hopper",
    password: "correct horse battery",
    binding_code: code,
  });
  const at = (path: string, ...cookies: readonly [string, string | undefined][]) => ({
    path: `${site.url}${path}`,
    cookies: Object.fromEntries(cookies.map(([name, value = ""]) => [name, value])),
  });
  const session = ["jitnode", member.cookies.get("jitnode")] as const;
  return {
    "set-up": `${fresh.url}${pathOf(await createSetupLink(fresh.context))}`,
    finish: at(asked.path, ["jitnode-sign-in", newcomer.cookies.get("jitnode-sign-in")]),
    "sign-up-by-code": `${site.url}/sign-up`,
    "org-create-refused": at("/orgs/new", [...session]),
    "org-as-member": at("/orgs/rockets/members", [...session]),
    "org-joined": at("/orgs/rockets", [...session], ["jitnode-said", "joined"]),
  };
}

/** An address, and the cookies that it is to be seen with: a refused form is kept in one. */
type Place = string | { readonly path: string; readonly cookies: Readonly<Record<string, string>> };

type Refusing = {
  readonly node: { readonly userCode: string };
  readonly terminal: { readonly userCode: string };
  readonly invitation: string;
  readonly reset: string;
};

/** Every form, shown again with what was wrong with it. */
async function refuse(site: TestSite, ada: PageClient, { node, terminal, invitation, reset }: Refusing) {
  const kept = async (browser: PageClient, refusal: Promise<ReadPage>): Promise<Place> => {
    const page = await refusal;
    expect([page.path, page.status >= 400]).toEqual([expect.stringContaining("again="), true]);
    return { path: page.path, cookies: { "jitnode-again": browser.cookies.get("jitnode-again") ?? "" } };
  };
  const form = async (browser: PageClient, path: string, fields: SentFields, action = path, button?: string) =>
    await kept(browser, browser.submit((await browser.get(path)).form(action), fields, button));
  const wrongAccount = { login: "Ada Lovelace!", name: "Ada Lovelace", password: "correct horse battery" };
  const asks = async (code: string): Promise<string> => (await enterCode(ada, code)).path;
  const at = async (code: string, fields: SentFields): Promise<Place> =>
    await form(ada, await asks(code), fields, `/activate/${code}`, "Approve");
  const somebody = site.open();
  return {
    open: {
      "wrong-sign-in": await form(somebody, "/sign-in", { login: "ada", password: "not the password" }),
      "wrong-sign-up": await form(somebody, "/sign-up", wrongAccount),
      "wrong-invitation": await form(somebody, invitation, wrongAccount),
      "wrong-reset": await form(somebody, reset, { password: "short" }),
      "wrong-provider": await form(somebody, "/sign-in", {}, "/auth/start/sso"),
    },
    inside: {
      "wrong-code": await form(ada, "/activate", { code: "nonsense" }),
      "wrong-number": await at(node.userCode, { number: "41", organization: "use:rockets" }),
      "wrong-choice": await at(node.userCode, { number: "42" }),
      "wrong-creation": await at(node.userCode, {
        number: "42",
        organization: "create",
        org_name: "火箭",
        org_id: "R!",
        consent: "yes",
      }),
      "wrong-consent": await at(node.userCode, {
        number: "42",
        organization: "create",
        org_name: "火箭",
        org_id: "r-7",
      }),
      "wrong-membership": await at(terminal.userCode, { number: "42", binding_code: "BCDF-GHJK-LMNP-Q" }),
      "wrong-org-create": await form(ada, "/orgs/new", { org_name: "Rockets", org_id: "rockets", consent: "yes" }),
      "wrong-org-join": await form(ada, "/orgs/join", { binding_code: "BCDF-GHJK-LMNP-Q" }),
    },
  };
}

const provider = (name: string, type: string, label?: string) =>
  ({
    name,
    type,
    label,
    clientId: "client",
    clientSecret: "secret",
    issuer: "https://id.example.com",
    baseUrl: undefined,
    tenant: "11111111-2222-3333-4444-555555555555",
    allowedDomains: [],
  }) as unknown as SignInSettings;

async function open(site: TestSite, language: keyof typeof languages, cookie?: string): Promise<BrowserContext> {
  const context = await chromium.newContext({ locale: languages[language], timezoneId: "UTC", viewport: phone });
  if (cookie !== undefined) await context.addCookies([{ name: "jitnode", value: cookie, url: site.url }]);
  return context;
}

async function picture(page: Page, name: string): Promise<void> {
  if (!kept) return;
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [device, size] of Object.entries({ phone, desktop })) {
      await page.setViewportSize(size);
      await page.screenshot({ path: join(folder, `${name}-${device}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(phone);
}

/** WCAG 1.4.4: what no longer fits when a reader doubles the size of all text. */
const withLargeText = `(() => {
  const { documentElement: root, title } = document;
  root.style.fontSize = "200%";
  const cut = root.scrollWidth <= root.clientWidth ? [] : [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > root.clientWidth + 0.5 && !each.closest(".unseen, .commands"))
    .map((each) => each.outerHTML.slice(0, 120));
  root.style.fontSize = "";
  return { cut, title };
})()`;
type LargeText = { readonly cut: readonly string[]; readonly title: string };

type Finding = { readonly id: string; readonly impact: string; readonly nodes: readonly { readonly html: string }[] };

async function findings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  const { violations } = results as { readonly violations: readonly Finding[] };
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical" || impact === "moderate")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

test(
  "every page in both languages and themes is for everybody, and fits a phone",
  { timeout: kept ? 900_000 : 180_000 },
  async () => {
    const site = await createTestSite({
      signup: "open",
      signIns: [
        provider("google", "google"),
        provider("github", "github"),
        provider("wechat", "wechat"),
        provider("entra", "entra"),
        provider("sso", "oidc", "Rockets SSO"),
      ],
    });
    const { cookie, paths } = await furnish(site);
    const elsewhere = await furnishNew();
    const wrong: unknown[] = [];
    const look = async (language: keyof typeof languages): Promise<void> => {
      const titles = new Map<string, string>();
      for (const [who, places] of Object.entries({ ...paths, elsewhere })) {
        const context = await open(site, language, who === "inside" ? cookie : undefined);
        const page = await context.newPage();
        page.on("console", (message) => {
          if (message.type() === "error" && !/status of (400|401|403|404|409|410|422|502)/.test(message.text()))
            wrong.push([page.url(), message.text()]);
        });
        page.on("request", (request) => {
          if (new URL(request.url()).origin !== new URL(page.url()).origin && !request.isNavigationRequest())
            wrong.push(["another host", request.url()]);
        });
        for (const [name, place] of Object.entries<Place>(places)) {
          const { path, cookies } = typeof place === "string" ? { path: place, cookies: {} } : place;
          const { href, origin } = new URL(path, site.url);
          for (const [name, value] of Object.entries(cookies)) await context.addCookies([{ name, value, url: origin }]);
          await page.goto(href);
          if (
            "jitnode-again" in cookies &&
            (await page.locator("[aria-invalid], [role=alert], .wrong, .seal").count()) === 0
          )
            wrong.push([language, name, "says nothing of what is wrong"]);
          const wide = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          if (wide !== 0) wrong.push([language, name, "too wide", wide]);
          const { cut, title } = (await page.evaluate(withLargeText)) as LargeText;
          if (cut.length > 0) wrong.push([language, name, "too wide with text twice as large", cut]);
          const kind = new URL(page.url()).pathname.replace(/[A-Z]{4}-[A-Z]{4}/, "CODE");
          if ((titles.get(title) ?? kind) !== kind)
            wrong.push([language, name, "has the title of another page", title]);
          titles.set(title, kind);
          for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme });
            for (const finding of await findings(page)) wrong.push([language, colorScheme, name, finding]);
          }
          await picture(page, `${language}-${name}`);
        }
        await context.close();
      }
    };
    await Promise.all([look("en"), look("zh")]);
    expect(wrong).toEqual([]);
  },
);

describe("Chinese", () => {
  /** What a text looks like on a page of its own, as bytes of a picture. */
  async function drawn(page: Page, text: string): Promise<Buffer> {
    await page.evaluate(`document.querySelector("h1").textContent = ${JSON.stringify(text)}`);
    return await page.locator("h1").screenshot();
  }

  test("节点 is drawn in glyphs of its own, not as boxes of a missing font", { timeout: 60_000 }, async () => {
    const site = await createTestSite();
    const context = await open(site, "zh");
    const page = await context.newPage();
    await page.goto(`${site.url}/sign-in`);
    expect(await page.locator("h1").textContent()).toBe("登录");
    // No font has these: what is missing looks like them.
    const missing = await drawn(page, "\u{10fff0}\u{10fff1}");
    const pictures = [];
    for (const text of ["节点", "点节", "绑定", "组织"]) pictures.push(await drawn(page, text));
    for (const [index, picture] of pictures.entries()) {
      expect(picture.equals(missing)).toBe(false);
      // Boxes all look alike; glyphs do not.
      for (const other of pictures.slice(index + 1)) expect(picture.equals(other)).toBe(false);
    }
    await context.close();
  });
});

/** Signed in, and administrator of rockets. */
async function founder(site: Awaited<ReturnType<typeof createTestSite>>) {
  const ada = await setUp(site);
  const form = (await ada.get("/orgs/new")).form("/orgs/new");
  await ada.submit(form, { org_name: "R", org_id: "rockets", consent: "yes" });
  return ada;
}

test("only the page one is on is marked in the colours of a reader's own", async () => {
  const site = await createTestSite();
  const ada = await founder(site);
  const context = await open(site, "en", ada.cookies.get("jitnode") ?? "");
  const page = await context.newPage();
  await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
  await page.goto(`${site.url}/orgs/rockets/members`);
  const marked = `(() => {
    const ground = getComputedStyle(document.body).backgroundColor;
    return [...document.querySelectorAll(".tabs a")]
      .filter((tab) => getComputedStyle(tab).borderBottomColor !== ground).map((tab) => tab.pathname);
  })()`;
  expect(await page.evaluate(marked)).toEqual(["/orgs/rockets/members"]);
  await context.close();
});

test("without its styles no words run together", async () => {
  const site = await createTestSite();
  const ada = await founder(site);
  const { userCode } = await addRequest(site.context);
  const asks = await enterCode(ada, userCode);
  const context = await open(site, "en", ada.cookies.get("jitnode") ?? "");
  const page = await context.newPage();
  const read = async (path: string): Promise<string> => {
    await page.goto(`${site.url}${path}`);
    return (await page.evaluate("document.body.textContent.replace(/\\s+/g, ' ')")) as string;
  };
  const members = await read("/orgs/rockets/members");
  for (const said of ["jitnode ada", "Overview Members 1 Nodes 0 Activity", "ada You Administrator"])
    expect(members).toContain(said);
  const decision = await read(asks.path);
  for (const said of ["Number The two digits", "started this node yourself. Whoever"]) expect(decision).toContain(said);
  await context.close();
});

describe("first things", () => {
  test.each(["en", "zh"] as const)("the sign-in and the activation page take at most 30 KB (%s)", async (language) => {
    const site = await createTestSite({ signIns: [provider("google", "google"), provider("wechat", "wechat")] });
    const ada = await setUp(site);
    const request = await addRequest(site.context);
    const context = await open(site, language, ada.cookies.get("jitnode") ?? "");
    const page = await context.newPage();
    const nobody = await (await open(site, language)).newPage();
    const sizeOf = async (where: Page, go: () => Promise<unknown>): Promise<number> => {
      let bytes = 0;
      const pending: Promise<void>[] = [];
      const add = (finished: { sizes(): Promise<{ responseBodySize: number; responseHeadersSize: number }> }): void => {
        pending.push(
          finished
            .sizes()
            .then(
              ({ responseBodySize, responseHeadersSize }) => void (bytes += responseBodySize + responseHeadersSize),
            ),
        );
      };
      where.on("requestfinished", add);
      await go();
      await where.waitForLoadState("networkidle");
      await Promise.all(pending);
      where.off("requestfinished", add);
      return bytes;
    };
    expect(await sizeOf(nobody, () => nobody.goto(`${site.url}/sign-in`))).toBeLessThan(30_000);
    const typing = `${site.url}/activate?code=${request.userCode}`;
    expect(await sizeOf(page, () => page.goto(typing))).toBeLessThan(30_000);
    expect(await sizeOf(page, () => page.locator("main button").click())).toBeLessThan(30_000);
    expect(page.url()).toContain(`/activate/${request.userCode}?seen=`);
    await context.close();
  });
});
