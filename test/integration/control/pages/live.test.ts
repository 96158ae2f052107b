// Pages of an organization change by themselves: the stream behind them, and the script in a real browser.
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { organizationChanges } from "../../../../src/control/services/organization-changes.js";
import { createBrowserSessions } from "../../../../src/control/services/browser-sessions.js";
import { createBindingCodes } from "../../../../src/control/services/binding-codes.js";
import { createMembers } from "../../../../src/control/services/members.js";
import { createNodes } from "../../../../src/control/services/nodes.js";
import { nodeEvents } from "../../../../src/control/services/node-stream.js";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import { asOrganizationId, type OrganizationId } from "../../../../src/domain/ids.js";
import { launchBrowser } from "../../../support/browser.js";
import {
  addPerson,
  addRequest,
  dialects,
  nodeActor,
  once,
  createTestContext,
  type TestContext,
} from "../../control-context.js";
import { createActivations } from "../../../../src/control/services/activations.js";
import { onEnd } from "../../../support/cleanup.js";
import type { PersonActor } from "../../../../src/control/context.js";
import { createTestSite, password, setUp, type TestSite } from "../site.js";

const rockets = asOrganizationId("rockets") as OrganizationId;

async function found(context: TestContext) {
  const organizations = createOrganizations(context);
  const ada = await addPerson(context, { name: "Ada" });
  const grace = await addPerson(context, { name: "Grace" });
  const agreement = organizations.agreement.version;
  await organizations.create(ada, { id: "rockets", name: "Rockets", agreement }, once());
  const code = await createBindingCodes(context).show(ada, "rockets");
  await organizations.join(grace, { binding_code: code.binding_code }, once());
  return { ada, grace, organizations };
}

async function bindNode(context: TestContext, by: Awaited<ReturnType<typeof found>>["ada"]) {
  const node = await addRequest(context);
  const input = { number: node.number, key_thumbprint: node.key.thumbprint, organization: { use: { id: "rockets" } } };
  await createActivations(context).approve(by, node.userCode, input, once(input));
  return node;
}

/** What Grace's page is told, as it comes. */
async function follow(context: TestContext, grace: Awaited<ReturnType<typeof found>>["grace"], pingEvery = 60_000) {
  const sessions = createBrowserSessions(context);
  const visitor = { address: "192.0.2.9", agent: "test" };
  const cookie = await context.store.transaction((tx) => sessions.open(tx, grace.accountId, visitor));
  const session = await sessions.read(cookie);
  if (session === undefined) throw new Error("no session");
  const ended = new AbortController();
  onEnd(() => ended.abort());
  const following = { actor: grace, session, orgId: rockets, signal: ended.signal, pingEvery };
  const changes = organizationChanges(context, sessions, following);
  const next = async () => (await changes.next()).value as string | undefined;
  expect(await next()).toBe("ping");
  return { next, sessions, session, ended };
}

describe.each(dialects)("a page of an organization on %s is told", (dialect) => {
  test("of a refreshed code, of a new member, and of a node that is bound, comes, goes and is unbound", async () => {
    const context = await createTestContext(dialect);
    // On PostgreSQL what happens on one replica reaches the pages of the other.
    const elsewhere = dialect === "postgres" ? await context.replica() : context;
    const { ada, grace, organizations } = await found(context);
    const { next } = await follow(context, grace);
    await createBindingCodes(elsewhere).refresh(ada, "rockets", once());
    expect(await next()).toBe("changed");
    const mary = await addPerson(context);
    const { binding_code } = await createBindingCodes(context).show(ada, "rockets");
    await organizations.join(mary, { binding_code }, once());
    expect(await next()).toBe("changed");
    const node = await bindNode(elsewhere, ada);
    expect(await next()).toBe("changed");

    const gone = new AbortController();
    const stream = nodeEvents(elsewhere, nodeActor(node), { signal: gone.signal });
    await stream.next();
    const rest = stream.next();
    expect(await next()).toBe("changed");
    const state = async () => (await createNodes(context).show(grace, "rockets", node.nodeId)).state;
    expect(await state()).toBe("connected");
    gone.abort();
    await rest;
    expect(await next()).toBe("changed");
    expect(await state()).toBe("offline");
    await createNodes(elsewhere).unbind(ada, "rockets", node.nodeId);
    expect(await next()).toBe("changed");
  });

  test("the end, when the person is removed, signs out, or the session expires", async () => {
    const context = await createTestContext(dialect);
    const { ada, grace } = await found(context);
    const out = await follow(context, grace);
    await out.sessions.end(out.session, "192.0.2.9");
    expect(await out.next()).toBe("gone");
    expect(await out.next()).toBeUndefined();

    const late = await follow(context, grace, 50);
    context.advance(13 * 3_600_000);
    expect(await late.next()).toBe("gone");

    const removed = await follow(context, grace);
    await createMembers(context).remove(ada, "rockets", grace.accountId);
    expect(await removed.next()).toBe("gone");
  });
});

test("many changes at once are told once", async () => {
  const context = await createTestContext("sqlite");
  const { ada, grace } = await found(context);
  const { next, ended } = await follow(context, grace);
  for (let count = 0; count < 20; count += 1) await createBindingCodes(context).refresh(ada, "rockets", once());
  expect(await next()).toBe("changed");
  const after = next();
  ended.abort();
  expect(await after).toBeUndefined();
});

async function openStream(site: TestSite, cookie: string) {
  const response = await fetch(`${site.url}/orgs/rockets/events`, {
    headers: { cookie: `jitnode=${cookie}`, "sec-fetch-dest": "empty" },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const until = async (word: string): Promise<string> => {
    let text = "";
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) return `${text}END`;
      text += part.value;
      if (text.includes(word)) return text;
    }
  };
  return { response, until };
}

describe("the stream", () => {
  test("is of the person's own session, is kept by nobody, and ends when they sign out or open too many", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const page = await browser.get("/orgs/new");
    await browser.submit(page.form("/orgs/new"), { org_name: "R", org_id: "rockets", consent: "yes" });
    const cookie = browser.cookies.get("jitnode") ?? "";
    expect((await fetch(`${site.url}/orgs/rockets/events`)).status).toBe(401);
    const first = await openStream(site, cookie);
    expect(first.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(first.response.headers.get("cache-control")).toBe("no-store");
    expect(await first.until(": ping")).toMatch(/^retry: \d{4}\n\n/);
    const others = [];
    for (let count = 0; count < 6; count += 1) {
      const stream = await openStream(site, cookie);
      await stream.until(": ping");
      others.push(stream);
    }
    expect(await first.until("END")).toContain("event: full");
    await browser.submit((await browser.get("/")).form("/sign-out"));
    for (const stream of others) expect(await stream.until("END")).toMatch(/event: gone\ndata:\n\nEND$/);
  });

  test("ends when the server stops, without delay", { timeout: 20_000 }, async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const page = await browser.get("/orgs/new");
    await browser.submit(page.form("/orgs/new"), { org_name: "R", org_id: "rockets", consent: "yes" });
    const stream = await openStream(site, browser.cookies.get("jitnode") ?? "");
    await stream.until(": ping");
    const before = performance.now();
    await site.close();
    expect(await stream.until("END")).toMatch(/END$/);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test("does not count as using the session: 12 hours without a person end it", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const cookie = browser.cookies.get("jitnode") ?? "";
    for (let hours = 0; hours < 12; hours += 3) {
      const passive = await fetch(`${site.url}/`, {
        headers: { cookie: `jitnode=${cookie}`, "sec-fetch-dest": "empty" },
        redirect: "manual",
      });
      expect(passive.status).toBe(200);
      site.context.advance(3 * 3_600_000);
    }
    expect((await browser.get("/")).path).toBe("/sign-in");
  });
});

describe("in a browser with JavaScript", () => {
  async function signedIn(): Promise<{ site: TestSite; page: Page; complaints: string[] }> {
    const site = await createTestSite();
    const ada = await setUp(site);
    await ada.submit((await ada.get("/orgs/new")).form("/orgs/new"), {
      org_name: "Rockets",
      org_id: "rockets",
      consent: "yes",
    });
    const browser = await launchBrowser({ scope: "test" });
    const context = await browser.newContext({ locale: "en-US", timezoneId: "Asia/Shanghai" });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: site.url });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${site.url}/sign-in`);
    await page.getByLabel("Sign-in name").fill("ada");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(`${site.url}/`);
    return { site, page, complaints };
  }

  test(
    "the code, members and nodes change by themselves; copying copies; times are local",
    { timeout: 120_000 },
    async () => {
      const { site, page, complaints } = await signedIn();
      const { context } = site;
      const founder = await context.store.db.selectFrom("accounts").selectAll().executeTakeFirstOrThrow();
      const grace = await addPerson(context, { name: "Grace" });
      const ada = { ...grace, accountId: founder.id as typeof grace.accountId };

      await page.goto(`${site.url}/orgs/rockets?code=shown`);
      const shown = page.locator(".binding-code");
      const before = (await shown.textContent()) ?? "";
      await page.locator("#code").getByRole("button", { name: "Copy" }).click();
      await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(before);
      const { binding_code: code } = await createBindingCodes(context).refresh(ada, "rockets", once());
      await expect.poll(() => shown.textContent(), { timeout: 10_000 }).toBe(code);
      expect(code).not.toBe(before);
      await expect.poll(() => page.locator("#status").textContent()).toBe("The page was updated.");

      await page.goto(`${site.url}/account`);
      await expect.poll(() => page.locator("main").textContent()).not.toContain("UTC");
      expect(await page.locator("time[title$=UTC]").count()).toBeGreaterThan(2);

      await page.goto(`${site.url}/orgs/rockets/members`);
      await page.getByLabel("Search members").fill("half typed");
      expect(await page.locator("#members time").first().textContent()).not.toContain("UTC");
      await createOrganizations(context).join(grace, { binding_code: code }, once());
      await expect.poll(() => page.locator("#members").textContent(), { timeout: 10_000 }).toContain("Grace");
      expect(await page.getByLabel("Search members").inputValue()).toBe("half typed");
      expect(await page.locator("#tabs").textContent()).toContain("Members 2");

      const node = await bindNode(context, ada);
      await page.goto(`${site.url}/orgs/rockets/nodes`);
      await page.getByRole("link", { name: "Unbind builder" }).focus();
      expect(await page.locator("#nodes").textContent()).toContain("Never connected");
      const gone = new AbortController();
      const stream = nodeEvents(context, nodeActor(node), { signal: gone.signal });
      await stream.next();
      const rest = stream.next();
      await expect.poll(() => page.locator("#nodes").textContent(), { timeout: 10_000 }).toContain("Online");
      expect(await page.locator(":focus").textContent()).toContain("Unbind");
      gone.abort();
      await rest;
      await expect.poll(() => page.locator("#nodes").textContent(), { timeout: 10_000 }).toContain("Offline");

      await context.store.db.updateTable("memberships").set({ role: "administrator" }).execute();
      await createMembers(context).remove(grace, "rockets", ada.accountId);
      await expect
        .poll(() => page.locator("h1").textContent(), { timeout: 10_000 })
        .toBe("You are no longer a member of rockets.");
      expect(complaints.filter((text) => !/status of 404/.test(text))).toEqual([]);
    },
  );

  test(
    "searching comes with the first node, further pages with what no longer fits, and what is typed stays",
    { timeout: 120_000 },
    async () => {
      const { site, page, complaints } = await signedIn();
      const { context } = site;
      const founder = await context.store.db.selectFrom("accounts").selectAll().executeTakeFirstOrThrow();
      const ada = { ...(await addPerson(context)), accountId: founder.id as PersonActor["accountId"] };
      const items = page.locator("#nodes li");
      const search = page.getByLabel("Search nodes");

      await page.goto(`${site.url}/orgs/rockets/nodes`);
      expect(await search.count()).toBe(0);
      await bindNode(context, ada);
      await expect.poll(() => items.count(), { timeout: 10_000 }).toBe(1);
      await search.fill("half typed");
      for (let count = 0; count < 25; count += 1) await bindNode(context, ada);
      await expect.poll(() => items.count(), { timeout: 10_000 }).toBe(25);
      await expect.poll(() => page.getByRole("link", { name: "Next" }).count(), { timeout: 10_000 }).toBe(1);
      expect(await search.inputValue()).toBe("half typed");
      expect(await page.locator(":focus").getAttribute("name")).toBe("q");

      // The page with what is older begins where the one that is shown has come to.
      const entries = page.locator("#activity li");
      await page.goto(`${site.url}/orgs/rockets/activity`);
      expect(await entries.count()).toBe(27);
      for (let count = 0; count < 10; count += 1) await createBindingCodes(context).refresh(ada, "rockets", once());
      await expect.poll(() => entries.filter({ hasText: "refreshed" }).count(), { timeout: 10_000 }).toBe(10);
      await page.getByRole("link", { name: "Older" }).click();
      await expect.poll(() => entries.count()).toBe(7);
      expect(complaints).toEqual([]);
    },
  );
});
