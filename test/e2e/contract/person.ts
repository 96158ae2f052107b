// Owns people of a site: an account made on the real pages, a browser that decides what terminals and nodes ask for,
// and terminals signed in by the device grant.
import { createPageClient, type PageClient, type ReadPage } from "../page-client.js";
import { runControl } from "../../support/programs.js";
import { textOf, type Answer, type Caller, type Sent } from "./caller.js";
import type { Site } from "./site.js";

export type Asked = { readonly userCode: string; readonly number: string };
export type Fields = Readonly<Record<string, string>>;
type Options = Omit<Sent, "method" | "path" | "json" | "token">;

export type Person = {
  readonly login: string;
  readonly accountId: string;
  readonly address: string;
  readonly browser: PageClient;
  /** Enters the code, and presses the button on the page that shows what asks. */
  readonly decide: (asked: Asked, decision: "Approve" | "Deny", fields?: Fields) => Promise<ReadPage>;
  /** Signed in for everything. */
  readonly terminal: Terminal;
  readonly signIn: (scope: "people" | "activate") => Promise<Terminal>;
};

export type Terminal = {
  readonly caller: Caller;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly get: (path: string, options?: Options) => Promise<Answer>;
  readonly post: (path: string, json: unknown, options?: Options) => Promise<Answer>;
  readonly remove: (path: string, options?: Options) => Promise<Answer>;
};

export const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
const password = "correct horse battery staple";

/** Signs up by itself: the site must be open, or the fields must hold a binding code. */
export async function createPerson(site: Site, login: string, fields: Fields = {}): Promise<Person> {
  const address = site.address();
  const browser = createPageClient(site.url, { headers: { "x-forwarded-for": address } });
  const page = await browser.get("/sign-up");
  const made = await browser.submit(page.form(), { login, name: `Person ${login}`, password, ...fields });
  if (made.status !== 200) throw new Error(`no account for ${login}: ${made.text}`);
  return await createSignedInPerson(site, login, browser, address);
}

/** By the set-up link: the first account. */
export async function createFirstPerson(site: Site, login: string): Promise<Person> {
  const address = site.address();
  const browser = createPageClient(site.url, { headers: { "x-forwarded-for": address } });
  // Of the links that replicas print only the newest works.
  const { stdout } = await runControl(["setup-link"], { env: site.controls[0]?.env ?? {} });
  const page = await browser.get(new URL(stdout.trim()).pathname);
  await browser.submit(page.form(), { login, name: `Person ${login}`, password });
  return await createSignedInPerson(site, login, browser, address);
}

async function createSignedInPerson(site: Site, login: string, browser: PageClient, address: string): Promise<Person> {
  const decide: Person["decide"] = async ({ userCode, number }, decision, fields = {}) => {
    const entered = await browser.submit((await browser.get("/activate")).form("/activate"), { code: userCode });
    const asked = entered.form(`/activate/${userCode}`);
    return await browser.submit(asked, decision === "Approve" ? { number, ...fields } : {}, decision);
  };
  const signIn: Person["signIn"] = async (scope) => {
    const caller = site.stranger(address);
    const asked = await askToSignIn(caller, { scope });
    await decide(askedOf(asked), "Approve");
    const redeemed = await redeem(caller, asked);
    return createTerminal(caller, redeemed);
  };
  const terminal = await signIn("people");
  const me = await terminal.get("/v1/me");
  return { login, accountId: textOf(me.body, "account", "id"), address, browser, decide, terminal, signIn };
}

export const askToSignIn = (caller: Caller, fields: Fields = {}, options: Partial<Sent> = {}): Promise<Answer> =>
  caller.send({
    ...options,
    method: "POST",
    path: "/oauth/device_authorization",
    form: { client_id: "jitnode-cli", ...fields },
  });

export const askedOf = ({ body }: Answer): Asked => ({
  userCode: textOf(body, "user_code"),
  number: textOf(body, "number"),
});

export const redeem = (caller: Caller, asked: Answer, options: Partial<Sent> = {}): Promise<Answer> =>
  token(caller, { grant_type: deviceGrant, device_code: textOf(asked.body, "device_code") }, options);

export const refresh = (caller: Caller, refreshToken: string, options: Partial<Sent> = {}): Promise<Answer> =>
  token(caller, { grant_type: "refresh_token", refresh_token: refreshToken }, options);

const token = (caller: Caller, fields: Fields, options: Partial<Sent>): Promise<Answer> =>
  caller.send({ ...options, method: "POST", path: "/oauth/token", form: { client_id: "jitnode-cli", ...fields } });

export function createTerminal(caller: Caller, tokens: Answer): Terminal {
  const accessToken = textOf(tokens.body, "access_token");
  const send = (sent: Sent): Promise<Answer> => caller.send({ token: accessToken, ...sent });
  return {
    caller,
    accessToken,
    refreshToken: textOf(tokens.body, "refresh_token"),
    get: (path, options) => send({ ...options, method: "GET", path }),
    post: (path, json, options) => send({ ...options, method: "POST", path, json }),
    remove: (path, options) => send({ ...options, method: "DELETE", path }),
  };
}
