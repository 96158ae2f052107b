// Owns a control plane with its HTTP server on loopback, in the test's own process, for tests of pages.
import type { ControlConfig } from "../../../src/control/config.js";
import type { ControlContext } from "../../../src/control/context.js";
import { createControlApp } from "../../../src/control/http/server.js";
import { createInvitationLink, createSetupLink, type OneTimeLink } from "../../../src/control/services/links.js";
import { webRoutes } from "../../../src/control/web/index.js";
import type { Dialect } from "../../../src/control/store/store.js";
import { createPageClient, type PageClient, type ReadPage } from "../../e2e/page-client.js";
import { onEnd } from "../../support/cleanup.js";
import { freePort } from "../../support/ports.js";
import { createTestContext, type TestContext } from "../control-context.js";

export type TestSite = {
  readonly context: TestContext;
  readonly url: string;
  readonly open: () => PageClient;
  /** As when the program is told to stop. */
  readonly close: () => Promise<void>;
};

/** Listens until the test ends. `publicUrl` may differ from where it listens (TLS by a proxy). */
export async function createTestSite(
  settings: Partial<ControlConfig> = {},
  dialect: Dialect = "sqlite",
  given?: number,
): Promise<TestSite> {
  const port = given ?? (await freePort());
  const url = `http://127.0.0.1:${String(port)}`;
  const context = await createTestContext(dialect, { publicUrl: url, ...settings });
  const close = await listen(context, port);
  return { context, url, open: () => createPageClient(url), close };
}

async function listen(context: ControlContext, port: number): Promise<() => Promise<void>> {
  const { app } = createControlApp(context, webRoutes);
  await app.listen({ host: "127.0.0.1", port });
  const close = async (): Promise<void> => void (await app.close());
  onEnd(close);
  return close;
}

export const pathOf = (link: OneTimeLink): string => new URL(link.url).pathname;

export const password = "correct horse battery";

/** The first account, made through its set-up link; its browser is signed in. */
export async function setUp(site: TestSite, login = "ada"): Promise<PageClient> {
  const browser = site.open();
  const page = await browser.get(pathOf(await createSetupLink(site.context)));
  await browser.submit(page.form(), { login, name: login, password });
  return browser;
}

/** A further person, invited; signed in. */
export async function invite(site: TestSite, login: string, name = login): Promise<PageClient> {
  const browser = site.open();
  const page = await browser.get(pathOf(await createInvitationLink(site.context)));
  await browser.submit(page.form(), { login, name, password });
  return browser;
}

/** Types the code in and comes to what asks. */
export async function enterCode(browser: PageClient, userCode: string): Promise<ReadPage> {
  const page = await browser.get("/activate");
  return await browser.submit(page.form(), { code: userCode });
}
