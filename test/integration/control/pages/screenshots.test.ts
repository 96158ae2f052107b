// Every page in a real browser without JavaScript: nothing is wider than a phone, the policy blocks nothing of ours, and
// a person can go the whole way by keyboard and touch. With JITNODE_SCREENSHOTS set, pictures are kept for looking at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { createBindingCodes } from "../../../../src/control/services/binding-codes.js";
import { createInvitationLink, createResetLink, createSetupLink } from "../../../../src/control/services/links.js";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import { launchBrowser, openPhone } from "../../../support/browser.js";
import { checkout } from "../../../support/checkout.js";
import { addPerson, addRequest, once } from "../../control-context.js";
import { createTestSite, password, pathOf, type TestSite } from "../site.js";

const kept = process.env["JITNODE_SCREENSHOTS"] !== undefined;
const folder = join(checkout(), "test", "e2e", "screenshots");

let chromium: Browser;
beforeAll(async () => {
  chromium = await launchBrowser();
  if (kept) mkdirSync(folder, { recursive: true });
});

async function picture(page: Page, name: string): Promise<void> {
  const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect([name, wide]).toEqual([name, 0]);
  if (!kept) return;
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [device, width, height] of [
      ["phone", 360, 740],
      ["desktop", 1200, 860],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: join(folder, `${name}-${device}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 360, height: 740 });
}

/** A page that fails the test when the browser refuses or misses anything. */
async function open(context: BrowserContext, complaints: string[]): Promise<Page> {
  const page = await context.newPage();
  await page.setViewportSize({ width: 360, height: 740 });
  page.on("console", (message) => {
    // The answers to wrong input are errors of HTTP and of nothing else.
    if (message.type() === "error" && !/status of (401|403|404|410|422)/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("requestfailed", (request) => complaints.push(`${request.url()} ${request.failure()?.errorText ?? ""}`));
  return page;
}

async function organization(site: TestSite, id: string, name: string) {
  const founder = await addPerson(site.context);
  const organizations = createOrganizations(site.context);
  await organizations.create(founder, { id, name, agreement: organizations.agreement.version }, once());
  return await createBindingCodes(site.context).show(founder, id);
}

test("the whole way of a person, page by page", { timeout: 180_000 }, async () => {
  const site = await createTestSite();
  const complaints: string[] = [];
  const page = await open(await openPhone(chromium), complaints);
  const go = (path: string) => page.goto(`${site.url}${path}`);
  // The click only starts the way; going on before the page has come would cut it off.
  const follow = async (click: Promise<void>) => void (await Promise.all([page.waitForEvent("load"), click]));
  const press = (name: string) => follow(page.getByRole("button", { name, exact: true }).click());
  const fill = (label: string, text: string) => page.getByLabel(label, { exact: true }).fill(text);

  await go(pathOf(await createSetupLink(site.context)));
  await picture(page, "01-set-up");
  await fill("Sign-in name", "Ada Lovelace");
  await fill("Your name", "Ada Lovelace");
  await fill("Password", password);
  await press("Create account");
  await picture(page, "02-set-up-wrong-name");
  expect(await page.locator(":focus").getAttribute("id")).toBe("login");
  await fill("Sign-in name", "ada");
  await fill("Password", password);
  await press("Create account");
  await expect.poll(() => page.locator("h1").textContent()).toBe("Hello, Ada Lovelace");
  await picture(page, "03-home-empty");
  await press("Sign out");
  await picture(page, "04-sign-in");

  const first = await addRequest(site.context, {
    node_name: "build-server-7 节点",
    node_version: "0.1.0",
    node_os: "Debian GNU/Linux 13 (trixie)",
  });
  await go(`/activate?code=${first.userCode}`);
  await picture(page, "05-sign-in-on-the-way");
  await fill("Sign-in name", "ada");
  await fill("Password", "not the password");
  await press("Sign in");
  await picture(page, "06-sign-in-wrong");
  // By keyboard alone.
  await page.locator("#password").focus();
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator("h1").textContent()).toBe("Is this your code?");
  await picture(page, "07-code-filled");
  await press("Continue");
  await picture(page, "08-node-asks");
  await fill("Number", "41");
  await page.getByLabel("Create a new organization").check();
  await fill("Name", "Rockets 火箭");
  await fill("Organization ID", "rockets");
  await picture(page, "09-node-create");
  await page.getByLabel("I agree").check();
  await press("Approve");
  await picture(page, "10-node-wrong-number");
  await fill("Number", "42");
  await press("Approve");
  await expect.poll(() => page.locator("h1").textContent()).toBe("The node is activated");
  await picture(page, "11-node-activated");

  const longest = "An organization whose name is as long as a name may be, which is eighty letters";
  const { binding_code: code } = await organization(site, "an-organization-id-of-forty-characters-1", longest);
  const second = await addRequest(site.context, { address: "127.0.0.1", node_name: "n".repeat(80) });
  await go("/activate");
  await picture(page, "12-code");
  await fill("Code", "nonsense");
  await press("Continue");
  await picture(page, "13-code-wrong");
  await fill("Code", second.userCode);
  await press("Continue");
  await page.getByLabel("Join an organization by its binding code").check();
  await fill("Binding code", "BCDF-GHJK-LMNP-Q");
  await fill("Number", "42");
  await press("Approve");
  await picture(page, "14-node-wrong-binding-code");
  await fill("Binding code", code);
  await fill("Number", "42");
  await press("Approve");
  await expect.poll(() => page.locator("h1").textContent()).toBe("The node is activated");
  await go("/");
  await picture(page, "15-home");

  const terminal = {
    client_id: "jitnode-cli",
    dpop_jkt: null,
    public_jwk: null,
    node_name: "",
    agent: "jitnode/0.1.0 (linux; x64)",
  };
  const third = await addRequest(site.context, { ...terminal, scope: "people" });
  await go(`/activate?code=${third.userCode}`);
  await press("Continue");
  await picture(page, "16-terminal-asks");
  await press("Deny");
  await picture(page, "17-denied");
  const fourth = await addRequest(site.context, { ...terminal, scope: "activate", org_hint: "submarines" });
  await go(`/activate?code=${fourth.userCode}`);
  await press("Continue");
  await picture(page, "18-terminal-with-organization");
  const fifth = await addRequest(site.context, { ...terminal, scope: "people" });
  await go(`/activate?code=${fifth.userCode}`);
  await press("Continue");
  await fill("Number", "42");
  await press("Approve");
  await picture(page, "19-terminal-signed-in");

  await go("/agreement");
  await picture(page, "20-agreement");
  await go("/sign-out");
  await picture(page, "21-sign-out");
  await follow(page.locator("main").getByRole("button").click());
  await go("/sign-up");
  await picture(page, "22-sign-up");
  await go(pathOf(await createInvitationLink(site.context)));
  await picture(page, "23-invitation");
  await go(pathOf(await createResetLink(site.context, "ada")));
  await picture(page, "24-reset");
  await go("/reset/used");
  await picture(page, "25-link-invalid");

  expect(complaints).toEqual([]);
});
