// Owns people at the control plane's pages: how an account is made from a link, and how its browser decides the request
// of one of its own terminals.
import { createTestBrowser, type Page, type TestBrowser } from "./test-browser.js";
import { signIn, type Terminal } from "./test-person.js";
import { fields, outcomeOf, textOf, type Wire } from "./wire.js";

export type Person = {
  readonly accountId: string;
  readonly address: string;
  readonly browser: TestBrowser;
  /** Signed in for everything a person may do. */
  readonly terminal: Terminal;
};

export type NewPerson = {
  readonly wire: Wire;
  readonly issuer: string;
  readonly address: string;
  readonly login: string;
  /** A set-up link or an invitation. */
  readonly link: string | undefined;
};

function told(page: Page): string {
  return `${page.path} answered ${page.status}: ${page.html.replaceAll(/<style[^]*?<\/style>|<[^>]*>|\s+/g, " ")}`;
}

/** Makes the account, which leaves its browser signed in, and signs in a terminal. */
export async function createPerson({ wire, issuer, address, login, link }: NewPerson): Promise<Person> {
  if (link === undefined) throw new Error(`there is no link for ${login}`);
  const browser = createTestBrowser(wire, issuer, address);
  const { pathname, search } = new URL(link);
  const page = await browser.open(pathname + search);
  const made = await browser.submit(page, { login, name: `Person ${login}`, password: `a long password of ${login}` });
  if (made.status !== 200) throw new Error(told(made));

  const terminal = await signIn({ wire, issuer, address, approve: approveIn(browser) });
  if (terminal === undefined) throw new Error(`${login} could not sign in at a terminal`);
  const me = await terminal.get("/v1/me");
  if (outcomeOf(me) !== "ok") throw new Error(`GET /v1/me: ${me.text}`);
  const account = fields(me)["account"] as Readonly<Record<string, unknown>>;
  return { accountId: textOf(account, "id"), address, browser, terminal };
}

/** Approves a terminal's request; false where the page asks for a binding code first: then it is denied. */
function approveIn(browser: TestBrowser) {
  return async (request: { readonly path: string; readonly number: string }): Promise<boolean> => {
    const asked = await browser.submit(await browser.open(request.path), {}, /continue/i);
    const outsider = asked.forms.some(({ names }) => names.has("binding_code"));
    const ended = await browser.submit(asked, { number: request.number }, outsider ? /^deny$/ : /^approve$/);
    if (ended.status !== 200) throw new Error(told(ended));
    return !outsider;
  };
}

export const approveTerminal = (person: Pick<Person, "browser">) => approveIn(person.browser);
