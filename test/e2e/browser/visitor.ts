// Owns a person at a browser: pages on a phone of 360 px, what is pressed and typed there, and what each page must not do
// (be wider than the phone, talk to other hosts, break its own policy, keep somebody out).
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { openPhone } from "../../support/browser.js";
import { inspect } from "./inspect.js";

export type Visitor = {
  readonly context: BrowserContext;
  readonly page: Page;
  /** A path of the control plane, or any address. */
  readonly go: (place: string) => Promise<void>;
  /** A button of the page's own part; waits for the page it leads to. */
  readonly press: (name: string | RegExp) => Promise<void>;
  /** Goes to a provider by its button, and waits for the provider's own page. */
  readonly leaveFor: (label: string, button?: string) => Promise<void>;
  readonly follow: (link: string | RegExp) => Promise<void>;
  readonly fill: (label: string | RegExp, value: string) => Promise<void>;
  readonly choose: (label: string | RegExp) => Promise<void>;
  readonly heading: () => Promise<string>;
  /** What is to be read, white space made single. */
  readonly text: () => Promise<string>;
  /** The page is as every page must be; where it is not, says so under this name. */
  readonly look: (name: string) => Promise<void>;
  readonly at: () => URL;
  /** Another tab of the same browser. */
  readonly tab: () => Promise<Visitor>;
  /** Everything the browser complained about, and hosts that pages of the control plane talked to. */
  readonly complaints: readonly string[];
};

export type VisitorOptions = BrowserContextOptions & { readonly javaScript?: boolean };

/** Answers to wrong input, and to failures of others, are errors of HTTP: a browser writes each of them down. */
const expectedStatus = /status of (400|401|403|404|409|410|422|429|502)/;

export async function openVisitor(browser: Browser, site: string, options: VisitorOptions = {}): Promise<Visitor> {
  const { javaScript = true, ...more } = options;
  const context = await openPhone(browser, {
    javaScriptEnabled: javaScript,
    viewport: { width: 360, height: 740 },
    ...more,
  });
  // What hangs is to be seen as such long before the test's own time is up.
  context.setDefaultTimeout(10_000);
  return await openTab(context, site, javaScript);
}

async function openTab(context: BrowserContext, site: string, javaScript: boolean): Promise<Visitor> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !expectedStatus.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const from = request.frame().url();
    const own = from.startsWith(site) && !request.isNavigationRequest();
    if (own && new URL(request.url()).origin !== site) complaints.push(`${from} asks ${request.url()}`);
  });

  const main: Locator = page.locator("main");
  /** Whatever was pressed leads somewhere, if only to the same page again. */
  async function leaving(act: () => Promise<void>): Promise<void> {
    await Promise.all([page.waitForEvent("domcontentloaded"), act()]);
    await page.waitForLoadState();
  }
  const exact = (name: string | RegExp) => (typeof name === "string" ? { name, exact: true } : { name });

  return {
    context,
    page,
    complaints,
    at: () => new URL(page.url()),
    async go(place) {
      await page.goto(new URL(place, site).href);
    },
    press: (name) =>
      leaving(() => {
        const within = page.url().startsWith(site) ? main : page.locator("body");
        return within.getByRole("button", exact(name)).click();
      }),
    async leaveFor(label, button = `Continue with ${label}`) {
      await main.getByRole("button", exact(button)).click();
      await page.waitForURL((url) => !url.href.startsWith(site));
      await page.waitForLoadState();
    },
    follow: (name) => leaving(() => page.getByRole("link", exact(name)).click()),
    fill: (label, value) => main.getByLabel(label, typeof label === "string" ? { exact: true } : {}).fill(value),
    choose: (label) => main.getByLabel(label, typeof label === "string" ? { exact: true } : {}).check(),
    heading: async () => ((await page.locator("h1").textContent()) ?? "").replace(/\s+/g, " ").trim(),
    text: async () => ((await main.textContent()) ?? "").replace(/\s+/g, " ").trim(),
    async look(name) {
      expect({ name, wrong: await inspect(page, javaScript), complaints }).toEqual({ name, wrong: [], complaints: [] });
    },
    tab: () => openTab(context, site, javaScript),
  };
}
