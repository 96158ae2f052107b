// Owns the tests' browser: a real headless Chromium, one per test file, that reaches nothing but loopback.
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions } from "playwright-core";
import type { BrowserFiles } from "./browser-files.js";
import { onEnd, type Scope } from "./cleanup.js";
import { sharedResource } from "./shared.js";
import { makeFolder } from "./temporary.js";

const args = [
  // The browser shows pages of the programs under test only, and containers rarely allow its sandbox.
  "--no-sandbox",
  "--no-zygote",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--no-pings",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--font-render-hinting=none",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

/** Starts a browser, closed after the last test of the file (or of the test, with the scope "test"). */
export async function launchBrowser(options: { readonly scope?: Scope } = {}): Promise<Browser> {
  const files = (await sharedResource("browser")) as BrowserFiles;
  // Its profile goes into the folder for temporary files, which can be chosen for the whole process only.
  const folder = makeFolder();
  const { TMPDIR: before } = process.env;
  process.env["TMPDIR"] = folder.path;
  try {
    const browser = await chromium.launch({ executablePath: files.executable, env: { ...files.env }, args });
    onEnd(async () => {
      await browser.close();
      folder.remove();
    }, options.scope ?? "file");
    return browser;
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
}

/** A phone as the pages are meant for: 390 × 844, touch; without JavaScript unless asked for. */
export async function openPhone(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    javaScriptEnabled: false,
    locale: "en-US",
    timezoneId: "UTC",
    ...options,
  });
  onEnd(() => context.close());
  return context;
}
