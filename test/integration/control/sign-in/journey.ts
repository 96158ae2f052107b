// Owns the way of a browser without JavaScript to an emulated provider and back, and control planes that have one.
import type { ControlConfig } from "../../../../src/control/config.js";
import { readSignIns } from "../../../../src/config/sign-ins.js";
import type { Dialect } from "../../../../src/control/store/store.js";
import type { Decision } from "../../../emulators/common/decide.js";
import type { PageClient, PageForm, ReadPage } from "../../../e2e/page-client.js";
import { onEnd } from "../../../support/cleanup.js";
import { freePort } from "../../../support/ports.js";
import { createTestSite, type TestSite } from "../site.js";

export type Emulator = {
  readonly decide: (authorizeUrl: string, person: string) => Promise<Decision>;
  readonly settings: (name: string) => Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
};

export type SiteOptions = Partial<ControlConfig> & {
  readonly dialect?: Dialect;
  /** Laid over the settings of all emulators. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** `start` is told the site's URL, since providers must know the callback; each emulator has its name in upper case. */
export async function createProviderSite<E extends Readonly<Record<string, Emulator>>>(
  start: (url: string) => Promise<E>,
  { dialect, environment, ...settings }: SiteOptions = {},
): Promise<TestSite & { readonly at: E }> {
  const port = await freePort();
  const at = await start(`http://127.0.0.1:${String(port)}`);
  for (const emulator of Object.values(at)) onEnd(() => emulator.close());
  const variables = Object.entries(at).flatMap(([name, emulator]) => Object.entries(emulator.settings(name)));
  const signIns = readSignIns({ ...Object.fromEntries(variables), ...environment });
  return { ...(await createTestSite({ signup: "open", ...settings, signIns }, dialect, port)), at };
}

export const callbackOf = (url: string, name: string): string => `${url}/auth/callback/${name}`;

/** Where the page of a pressed button leads. */
export function placeOf(page: ReadPage): string {
  const place = /^0;url=(.+)$/.exec(page.headers.get("refresh") ?? "")?.[1];
  if (place === undefined) throw new Error(`the page leads nowhere: ${page.text}`);
  return place;
}

/** Presses the button of a provider on the sign-in page, or on the page whose form is given. */
export async function begin(browser: PageClient, name: string, form?: PageForm): Promise<string> {
  const pressed = form ?? (await browser.get("/sign-in")).form(`/auth/start/${name}`);
  return placeOf(await browser.submit(pressed));
}

export const pathOf = (place: URL): string => `${place.pathname}${place.search}`;

/** Decides at the provider; the path with which the browser comes back. */
export async function decide(emulator: Pick<Emulator, "decide">, place: string, person: string): Promise<string> {
  const { location, page } = await emulator.decide(place, person);
  if (location === undefined) throw new Error(`the provider kept the browser: ${page}`);
  return pathOf(location);
}

/** From the button to the page that the sign-in leads to. */
export async function signIn(
  browser: PageClient,
  name: string,
  emulator: Pick<Emulator, "decide">,
  person: string,
): Promise<ReadPage> {
  return await browser.get(await decide(emulator, await begin(browser, name), person));
}

/** The error's code, as the page shows it. */
export const codeOf = (page: ReadPage): string | undefined =>
  /class="mono">([a-z_]+)<\/span><\/p>/.exec(page.html)?.[1];
