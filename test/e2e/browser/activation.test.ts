// A person in a real browser and a real node: the ways of binding, and everything that may come between.
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { startGitHub } from "../../emulators/github/github.js";
import { reach } from "../../integration/daemon/daemon-client.js";
import { launchBrowser } from "../../support/browser.js";
import { onEnd } from "../../support/cleanup.js";
import { freePort, runCli, startCli } from "../../support/programs.js";
import { readShown, resultOf } from "../cli-site.js";
import { temporaryFolder } from "../../support/temporary.js";
import { zh } from "../../../src/control/web/texts/zh.js";
import { inspect } from "./inspect.js";
import { enter, password, startBrowserSite, type AskingNode, type BrowserSite } from "./site.js";
import { openVisitor, type Visitor, type VisitorOptions } from "./visitor.js";

let browser: Browser;
let site: BrowserSite;
/** Administrator of "rockets". */
let ada: Visitor;
/** May create organizations, and is in none. */
let bea: Visitor;

beforeAll(async () => {
  const port = await freePort();
  const github = await startGitHub({ callback: `http://127.0.0.1:${port}/auth/callback/github` });
  onEnd(() => github.close(), "file");
  const [launched, started] = await Promise.all([
    launchBrowser(),
    startBrowserSite({
      port,
      env: {
        ...github.settings("GITHUB"),
        JITNODE_CONTROL_SIGNIN_GITHUB_LABEL: "GitHub",
        JITNODE_CONTROL_TRUSTED_PROXIES: "127.0.0.1",
      },
    }),
  ]);
  browser = launched;
  site = started;
  ada = await openVisitor(browser, site.url, { javaScript: false });
  await site.settle(ada, "ada", "Ada 节点");
  bea = await openVisitor(browser, site.url);
  await site.settle(bea, "bea", "Bea");
});

const open = (options?: VisitorOptions): Promise<Visitor> => openVisitor(browser, site.url, options);

async function create(visitor: Visitor, id: string, name = id): Promise<void> {
  // Somebody without an organization has this chosen already.
  await visitor.choose("Create a new organization");
  await visitor.fill("Name", name);
  await visitor.fill("Organization ID", id);
  await visitor.choose("I agree to the agreement for organizations.");
}

async function signIn(visitor: Visitor, login: string): Promise<void> {
  if (visitor.at().pathname !== "/sign-in") await visitor.go("/sign-in");
  await visitor.fill("Sign-in name", login);
  await visitor.fill("Password", password);
  await visitor.press("Sign in");
}

/** The administrator's command line, signed in through the browser once. */
function terminal(): Promise<string> {
  signedIn ??= (async () => {
    const home = temporaryFolder({ scope: "file" });
    const login = startCli(["login", "--server", site.url], { home });
    const shown = await readShown(login);
    await enter(ada, shown);
    await ada.fill("Number", shown.number);
    await ada.press("Approve");
    await resultOf(login);
    return home;
  })();
  return signedIn;
}
let signedIn: Promise<string> | undefined;

async function org(...args: readonly string[]): Promise<Record<string, unknown>> {
  const result = await runCli(["org", ...args, "--json"], { home: await terminal() });
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

const bindingCode = async (id: string): Promise<string> => String((await org("code", "--org", id))["binding_code"]);

async function removeMember(id: string, name: string): Promise<void> {
  const { items } = await org("members", "--org", id);
  const member = (items as readonly { readonly account_id: string; readonly name: string }[]).find(
    (one) => one.name === name,
  );
  await org("remove", String(member?.account_id), "--org", id, "--yes");
}

/** Two digits, but others. */
const wrong = ({ number }: AskingNode): string => String((Number(number) + 1) % 100).padStart(2, "0");

async function activate(visitor: Visitor, node: AskingNode, organization: () => Promise<void>): Promise<void> {
  await enter(visitor, node);
  await visitor.fill("Number", node.number);
  await organization();
  await visitor.press("Approve");
  expect(await visitor.heading()).toBe("The node is activated");
}

describe("an organization for the node", () => {
  test("created, picked, joined by its binding code, also without JavaScript: the node belongs to it", async () => {
    const first = await site.node("created 节点");
    await ada.go(first.link);
    await ada.look("the code, filled in");
    await ada.press("Continue");
    await ada.look("what asks");
    await ada.fill("Number", first.number);
    await create(ada, "rockets", "Rockets 火箭");
    await ada.look("a new organization");
    await ada.press("Approve");
    await ada.look("activated");
    await first.belongsTo("rockets");

    const second = await site.node("picked");
    await activate(ada, second, () => ada.choose(/Rockets 火箭/));
    await second.belongsTo("rockets");

    const code = await bindingCode("rockets");
    const third = await site.node("joined");
    await activate(bea, third, async () => {
      await bea.choose("Join an organization by its binding code");
      await bea.fill("Binding code", code);
    });
    await third.belongsTo("rockets");
    await bea.go("/");
    expect(await bea.text()).toContain("Rockets 火箭");
    await bea.look("home");
  });
});

test("somebody new, by a provider and without JavaScript: the organization's code, the account, then the node", async () => {
  const node = await site.node("of a newcomer");
  const visitor = await open({ javaScript: false });
  await visitor.go(node.link);
  await visitor.leaveFor("GitHub");
  await visitor.press("Authorize as lin-wei");
  expect(visitor.at().pathname).toBe("/sign-in/finish");
  await visitor.look("a newcomer");
  await visitor.fill("Binding code", "BCDF-GHJK-LMNP-Q");
  await visitor.press("Create account");
  expect(visitor.at().pathname).toBe("/sign-in/finish");
  expect(await visitor.page.getByLabel("Your name").inputValue()).toBe("Lin Wei");
  await visitor.fill("Binding code", await bindingCode("rockets"));
  await visitor.press("Create account");
  expect(visitor.at().search).toBe(`?code=${node.code}`);
  await visitor.press("Continue");
  await visitor.fill("Number", node.number);
  await visitor.choose(/Rockets/);
  // They came by a code: joining is theirs, founding is not.
  expect(await visitor.page.getByLabel("Create a new organization").count()).toBe(0);
  await visitor.press("Approve");
  await node.belongsTo("rockets");
  await visitor.context.close();
});

test("in Chinese, the whole way, with a glyph for every character", async () => {
  const node = await site.node("构建服务器 节点");
  const visitor = await open({ locale: "zh-CN" });
  const { page } = visitor;
  await visitor.go(node.link);
  expect(await visitor.heading()).toBe(zh.signIn.title);
  await visitor.look("登录");
  await visitor.fill(zh.signIn.login, "ada");
  await visitor.fill(zh.signIn.password, password);
  await visitor.press(zh.signIn.submit);
  await visitor.look("代码");
  await visitor.press(zh.code.submit);
  expect(await visitor.heading()).toBe("构建服务器 节点");
  expect(await visitor.text()).toContain("节点");
  await visitor.look("请求");
  await visitor.fill(zh.asks.number, node.number);
  await visitor.choose(/Rockets/);
  await visitor.press(zh.asks.approve);
  await visitor.look("完成");
  await node.belongsTo("rockets");
  // What `look` must find: a character without a glyph, a part wider than the phone, a picture that says nothing.
  await page.locator("h1").evaluate((heading) => {
    heading.textContent = "\u{2ffc}\u{2a6df}\u{323af}";
    heading.style.width = "500px";
    heading.append(heading.ownerDocument.createElement("img"));
  });
  const wrongs = (await inspect(page, true)).join();
  for (const found of ["has no glyph", "in a window of 360 px", "image-alt"]) expect(wrongs).toContain(found);
  await visitor.context.close();
});

describe("every step", () => {
  test("stands reloading and going back; a form sent again by reloading is decided once", async () => {
    const node = await site.node("reloaded");
    const { page } = ada;
    await ada.go(node.link);
    await page.reload();
    expect(await ada.heading()).toBe("Is this your code?");
    await ada.press("Continue");
    expect(await ada.heading()).toBe("reloaded");
    await page.reload();
    expect(await ada.heading()).toBe("reloaded");
    await page.goBack();
    expect(await ada.heading()).toBe("Is this your code?");
    await page.goForward();
    expect(await ada.heading()).toBe("reloaded");
    await ada.choose(/Rockets/);
    await ada.fill("Number", wrong(node));
    await ada.press("Approve");
    expect(await ada.text()).toContain("The number is not the one the node shows.");
    // It is a page of its own, with what was chosen: reloading it sends nothing, so no second wrong number is counted.
    for (let again = 0; again < 3; again += 1) await page.reload();
    expect(await ada.text()).toContain("The number is not the one the node shows.");
    expect(await page.getByLabel(/Rockets/).isChecked()).toBe(true);
    expect(await page.getByLabel("Number").inputValue()).toBe("");
    await ada.follow("Ada 节点");
    await page.goBack();
    expect(await ada.text()).toContain("The number is not the one the node shows.");
    await ada.fill("Number", node.number);
    await ada.press("Approve");
    expect(await ada.heading()).toBe("The node is activated");
    await page.reload();
    expect(await ada.heading()).toBe("The node is activated");
    // Back to the form that was refused: its number was taken since.
    await page.goBack();
    expect(await ada.heading()).toBe("The node is activated");
    expect(await ada.text()).not.toContain("The number is not the one the node shows.");
    await node.belongsTo("rockets");
  });

  test.each([
    ["with", true],
    ["without", false],
  ])(
    "a refused form stands going back and reloading, %s JavaScript, and keeps what is no secret",
    async (_, javaScript) => {
      const visitor = await open({ javaScript });
      const { page } = visitor;
      /** Whatever is done, the page is the same as before, and nothing of it was sent. */
      const sent: string[] = [];
      page.on("request", (request) => {
        if (request.method() === "POST") sent.push(request.url());
      });
      async function stands(refusal: string, label: string, typed: string): Promise<void> {
        expect(await visitor.text()).toContain(refusal);
        expect(await page.getByLabel(label, { exact: true }).inputValue()).toBe(typed);
        const { href } = visitor.at();
        expect(href).toContain("again=");
        sent.length = 0;
        await page.reload();
        expect(await visitor.text()).toContain(refusal);
        await visitor.go("/agreement");
        await page.goBack();
        expect([visitor.at().href, await visitor.text()]).toEqual([href, expect.stringContaining(refusal)]);
        expect(await page.getByLabel(label, { exact: true }).inputValue()).toBe(typed);
        await page.goBack();
        await page.goForward();
        expect(await visitor.text()).toContain(refusal);
        expect(sent).toEqual([]);
        await visitor.look(refusal);
      }

      await visitor.go("/sign-in");
      await visitor.fill("Sign-in name", "bea");
      await visitor.fill("Password", "not the password");
      await visitor.press("Sign in");
      await stands("The name or the password is wrong.", "Sign-in name", "bea");
      expect(await page.getByLabel("Password").inputValue()).toBe("");
      await visitor.follow("中文");
      expect(await page.getByLabel(zh.signIn.login).inputValue()).toBe("bea");
      await visitor.follow("English");
      await signIn(visitor, "bea");
      expect(visitor.at().pathname).toBe("/");
      // What was refused before is over.
      await page.goBack();
      expect(await visitor.text()).not.toContain("The name or the password is wrong.");

      await visitor.go("/orgs/new");
      await visitor.fill("Name", "Boats 船");
      await visitor.fill("Organization ID", "rockets");
      await visitor.choose("I agree to the agreement for organizations.");
      await visitor.press("Create");
      await stands("is taken", "Name", "Boats 船");
      expect(await page.getByLabel("I agree").isChecked()).toBe(true);

      await visitor.go("/orgs/join");
      await visitor.fill("Binding code", "BCDF-GHJK-LMNP-Q");
      await visitor.press("Join");
      await stands("not valid", "Binding code", "");

      await visitor.go("/activate");
      await visitor.fill("Code", "nonsense");
      await visitor.press("Continue");
      await stands("eight letters", "Code", "nonsense");
      await visitor.follow("中文");
      expect(await visitor.text()).toContain(zh.code.malformed);
      await visitor.follow("English");
      await visitor.context.close();
    },
  );

  test("a second tab sees what the first one decided, and decides nothing more", async () => {
    const node = await site.node("two tabs");
    const other = await ada.tab();
    await enter(ada, node);
    await enter(other, node);
    await ada.press("Deny");
    expect(await ada.heading()).toBe("The request was denied");
    await other.fill("Number", node.number);
    await other.choose(/Rockets/);
    await other.press("Approve");
    expect(await other.heading()).toBe("The request was denied");
    await other.page.close();
    await reach(node, ({ activation }) => activation?.state !== "pending");
  });

  test("two requests in two tabs do not get mixed up", async () => {
    const [one, two] = await Promise.all([site.node("tab one"), site.node("tab two")]);
    const other = await ada.tab();
    await enter(ada, one);
    await enter(other, two);
    await ada.fill("Number", one.number);
    await ada.choose(/Rockets/);
    await ada.press("Approve");
    expect(await ada.text()).toContain("tab one");
    await other.fill("Number", two.number);
    await other.choose(/Rockets/);
    await other.press("Approve");
    expect(await other.text()).toContain("tab two");
    // Back to the form that was sent: it is over, and the page says so instead of offering it again.
    await other.page.goBack();
    expect(await other.heading()).toBe("The node is activated");
    await other.page.close();
    await Promise.all([one.belongsTo("rockets"), two.belongsTo("rockets")]);
  });

  test("signed out in one tab, the other goes through signing in and on to where it was", async () => {
    const visitor = await open();
    await signIn(visitor, "bea");
    const node = await site.node("signed out");
    const other = await visitor.tab();
    await enter(visitor, node);
    await other.go("/sign-out");
    await other.press("Sign out");
    await visitor.fill("Number", node.number);
    await visitor.press("Deny");
    expect(visitor.at().pathname).toBe("/sign-in");
    await signIn(visitor, "bea");
    expect(visitor.at().search).toBe(`?code=${node.code}`);
    await visitor.press("Continue");
    await visitor.press("Deny");
    expect(await visitor.heading()).toBe("The request was denied");
    await visitor.context.close();
  });
});

describe("a request that ends otherwise", () => {
  test("denied: the node is told, and asks anew", async () => {
    const node = await site.node("denied");
    await enter(bea, node);
    await bea.press("Deny");
    expect(await bea.heading()).toBe("The request was denied");
    await bea.look("denied");
    await reach(node, ({ activation, state }) => state === "unbound" || activation?.user_code !== node.code);
  });

  test("the wrong number three times: the request is cancelled, the right one comes too late", async () => {
    const node = await site.node("guessed");
    await enter(bea, node);
    await bea.choose(/Rockets/);
    await bea.fill("Number", wrong(node));
    await bea.press("Approve");
    expect(await bea.text()).toContain("The number is not the one the node shows.");
    await bea.look("wrong number");
    for (let attempt = 2; attempt <= 3; attempt += 1) {
      await bea.fill("Number", wrong(node));
      await bea.press("Approve");
    }
    await bea.look("cancelled");
    expect(await bea.page.getByLabel("Number").count()).toBe(0);
    await bea.go(node.link);
    await bea.press("Continue");
    expect(await bea.page.getByLabel("Number").count()).toBe(0);
  });

  test("expired while its page is open: the next action says so", async () => {
    const node = await site.node("too late");
    await enter(bea, node);
    site.expireRequests();
    await bea.choose(/Rockets/);
    await bea.fill("Number", node.number);
    await bea.press("Approve");
    expect(await bea.text()).toMatch(/expired/);
    await bea.look("expired");
    await bea.go(node.link);
    await bea.press("Continue");
    expect(await bea.text()).toMatch(/expired|cancelled/i);
  });

  test("removed from the organization with its page open: the next action says so", async () => {
    const node = await site.node("not hers any more");
    await enter(bea, node);
    await bea.choose(/Rockets/);
    await removeMember("rockets", "Bea");
    await bea.fill("Number", node.number);
    await bea.press("Approve");
    expect(await bea.heading()).toBe("not hers any more");
    expect(await bea.text()).toMatch(/no such organization|not a member|does not exist/i);
    await bea.press("Deny");
    expect(await bea.heading()).toBe("The request was denied");
  });
});

describe("a stranger's request", () => {
  test("the page says what asks, from where, how long ago, what it may do, and wants the number", async () => {
    const node = await site.node("build-server-7");
    const visitor = await open({ extraHTTPHeaders: { "x-forwarded-for": "198.51.100.7" } });
    await signIn(visitor, "ada");
    await visitor.go(node.link);
    // Opening a link shows nothing of it yet and approves nothing.
    expect(await visitor.text()).not.toContain("build-server-7");
    await visitor.press("Continue");
    const text = await visitor.text();
    for (const said of [
      "build-server-7",
      "not your current address",
      "127.0.0.1",
      "less than a minute ago",
      "What approving allows",
      "Go on only if you started this node yourself.",
    ]) {
      expect(text).toContain(said);
    }
    await visitor.look("a stranger's request");
    await visitor.choose(/Rockets/);
    await visitor.press("Approve");
    expect(await visitor.heading()).toBe("build-server-7");
    expect(await visitor.text()).toContain("The number has two digits.");
    await visitor.press("Deny");
    await visitor.context.close();
  });

  test.each([
    ["a script", `<script>alert(1)</script><img src=x onerror=alert(1)>`],
    ["right-to-left", "عقدة البناء 7"],
    ["eighty wide letters", "W".repeat(80)],
  ])("a name that is %s is shown as it is, and does nothing", async (_what, name) => {
    const node = await site.node(name);
    await enter(ada, node);
    expect(await ada.heading()).toBe(name);
    await ada.look(name);
    // Its direction ends where the name does.
    expect(await ada.page.locator("h1 > bdi").count()).toBe(1);
    await ada.press("Deny");
  });
});

describe("a terminal", () => {
  test("`jitnode login` for another's node asks for the organization's code on the page itself", async () => {
    const code = await bindingCode("rockets");
    const node = await site.node("theirs");
    await activate(ada, node, () => ada.choose(/Rockets/));
    await node.belongsTo("rockets");
    const cleo = await open({ javaScript: false });
    await site.settle(cleo, "cleo", "Cleo");
    const login = startCli(["login"], { env: node.cliEnv });
    const shown = await readShown(login);
    await enter(cleo, shown);
    expect(await cleo.text()).toContain("rockets");
    await cleo.look("a terminal, and a code is needed");
    await cleo.fill("Number", shown.number);
    await cleo.fill("Binding code", "BCDF-GHJK-LMNP-Q");
    await cleo.press("Approve");
    expect(await cleo.heading()).toBe("Sign in a terminal");
    await cleo.fill("Number", shown.number);
    await cleo.fill("Binding code", code);
    await cleo.press("Approve");
    expect(await cleo.heading()).toBe("The terminal is signed in");
    expect((await resultOf(login)).code).toBe(0);
    await cleo.go("/");
    expect(await cleo.text()).toContain("Rockets 火箭");
    await cleo.context.close();
  });
});

describe("the page of an organization that is open", () => {
  test("changes by itself when a node comes online and goes, and when somebody refreshes the code", async () => {
    const visitor = await open();
    await signIn(visitor, "ada");
    await visitor.go("/orgs/rockets/nodes");
    const other = await visitor.tab();
    await other.go("/orgs/rockets?code=shown");
    const code = await bindingCode("rockets");
    expect(await other.text()).toContain(code);
    const node = await site.node("comes and goes");
    await activate(ada, node, () => ada.choose(/Rockets/));
    await node.belongsTo("rockets");
    await visitor.page.bringToFront();
    const row = visitor.page.getByRole("listitem").filter({ hasText: "comes and goes" });
    await row.getByText("Online").waitFor();
    await visitor.look("nodes");
    await node.kill();
    await row.getByText("Offline").waitFor();
    await other.page.bringToFront();
    await org("code", "refresh", "--org", "rockets");
    await expect.poll(() => other.text()).not.toContain(code);
    expect(await other.text()).toContain(await bindingCode("rockets"));
    await other.look("organization");
    await visitor.context.close();
  });

  test("says so when the person was removed", async () => {
    const visitor = await open();
    await signIn(visitor, "cleo");
    await visitor.go("/orgs/rockets");
    await removeMember("rockets", "Cleo");
    await visitor.page.getByText("You are no longer a member of rockets.").waitFor();
    await visitor.context.close();
  });
});

test("no page made the browser complain", () => {
  expect([...ada.complaints, ...bea.complaints]).toEqual([]);
});
