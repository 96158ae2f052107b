import { describe, expect, it } from "vitest";
import { startGitHub } from "../../../emulators/github/github.js";
import { startGoogle } from "../../../emulators/google/google.js";
import { ada, grace } from "../../../emulators/google/people.js";
import { createInvitationLink, createSetupLink } from "../../../../src/control/services/links.js";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import { createBindingCodes } from "../../../../src/control/services/binding-codes.js";
import type { Dialect } from "../../../../src/control/store/store.js";
import type { PageClient } from "../../../e2e/page-client.js";
import { addPerson, auditActions, dialects, once, someBindingCode } from "../../control-context.js";
import { pathOf, setUp, type TestSite } from "../site.js";
import { begin, callbackOf, codeOf, createProviderSite, decide, signIn, type SiteOptions } from "./journey.js";

const start = async (url: string) => ({
  GOOGLE: await startGoogle({ redirectUris: [callbackOf(url, "google")] }),
  GITHUB: await startGitHub({ callback: callbackOf(url, "github") }),
});
const open = (options: SiteOptions = {}) => createProviderSite(start, options);
type Site = Awaited<ReturnType<typeof open>>;

const accounts = ({ context }: TestSite) =>
  context.store.db.selectFrom("accounts").select(["name", "origin"]).orderBy("created_at").execute();

/** An organization of somebody's, and its binding code. */
async function organization({ context }: TestSite): Promise<string> {
  const person = await addPerson(context);
  const organizations = createOrganizations(context);
  const input = { id: "acme", name: "Acme", agreement: organizations.agreement.version };
  await organizations.create(person, input, once(input));
  return (await createBindingCodes(context).show(person, "acme")).binding_code;
}

const comeBack = (browser: PageClient, site: Site, person = ada().sub) =>
  signIn(browser, "google", site.at.GOOGLE, person);

describe.each<Dialect>(dialects)("somebody new, on %s", (dialect) => {
  it("says the binding code first where accounts need one, and is a member then", async () => {
    const site = await open({ dialect, signup: "code" });
    const code = await organization(site);
    const browser = site.open();
    const asked = await comeBack(browser, site);
    expect(asked.path).toMatch(/^\/sign-in\/finish\?state=/);
    expect(asked.form("/sign-in/finish").values["name"]).toBe("Ada Example");
    expect(asked.text).toContain("ada@example.com");
    expect(await accounts(site)).toHaveLength(1);

    const wrong = await browser.submit(asked.form("/sign-in/finish"), { binding_code: someBindingCode() });
    expect(wrong.status).toBe(422);
    expect(wrong.wrong("binding_code")).toContain("not valid");
    // Another language is the same page, also where a form was refused.
    expect(wrong.links).toContain(`${wrong.path}&lang=zh`);
    const chinese = await browser.get(`${wrong.path}&lang=zh`);
    expect([chinese.status, chinese.path]).toEqual([422, wrong.path]);
    expect(chinese.wrong("binding_code")).toMatch(/\p{Script=Han}/u);
    await browser.get(`${wrong.path}&lang=en`);
    expect(await accounts(site)).toHaveLength(1);

    const home = await browser.submit(wrong.form("/sign-in/finish"), { name: "Ada L.", binding_code: code });
    expect([home.path, home.heading]).toEqual(["/", "Hello, Ada L."]);
    expect(home.text).toContain("Acme");
    expect((await accounts(site)).at(-1)).toEqual({ name: "Ada L.", origin: "code" });
    const written = await auditActions(site.context);
    expect(written.slice(-3).sort()).toEqual(["account.created", "account.signed_in", "member.joined"]);
    // The next time nothing is asked.
    expect((await comeBack(site.open(), site)).path).toBe("/");
    // And what was used is used.
    expect(codeOf(await browser.get(asked.path))).toBe("sign_in_attempt_invalid");
  });

  it("makes one account however many tabs finish at once", async () => {
    const site = await open({ dialect, signup: "code" });
    const code = await organization(site);
    const browser = site.open();
    const pages = [await comeBack(browser, site), await comeBack(browser, site), await comeBack(browser, site)];
    const done = await Promise.all(
      pages.map((page) => browser.submit(page.form("/sign-in/finish"), { binding_code: code })),
    );
    expect(done.map(({ path }) => path).filter((path) => path === "/")).toHaveLength(1);
    expect((await accounts(site)).filter(({ name }) => name === "Ada Example")).toHaveLength(1);
  });

  it("links a second provider from inside only, unlinks, and never the last way in", async () => {
    const site = await open({ dialect });
    const { GITHUB, GOOGLE } = site.at;
    const browser = site.open();
    await comeBack(browser, site);
    const account = await browser.get("/account");
    const place = await begin(browser, "github", account.form("/auth/start/github"));
    const linked = await browser.get(await decide(GITHUB, place, "lin-wei"));
    expect([linked.status, linked.path]).toEqual([200, "/account"]);
    expect(linked.text).toContain("lin-wei");
    expect((await signIn(site.open(), "github", GITHUB, "lin-wei")).heading).toBe("Hello, Ada Example");
    expect(await accounts(site)).toHaveLength(1);

    const unlinkForms = (page: typeof linked) => page.forms.filter(({ action }) => action.endsWith("/unlink"));
    const [first, second] = unlinkForms(linked);
    if (first === undefined || second === undefined) throw new Error("both can be unlinked");
    const left = await browser.submit(first);
    expect(unlinkForms(left)).toEqual([]);
    expect(codeOf(await browser.post(second.action, second.values)) ?? "shown").toBe("shown");
    expect((await browser.get("/account")).text).toContain("lin-wei");
    // Whoever was unlinked is somebody new.
    expect((await signIn(site.open(), "google", GOOGLE, ada().sub)).heading).toBe("Hello, Ada Example");
    expect(await accounts(site)).toHaveLength(2);
    const written = await auditActions(site.context);
    expect(written.filter((action) => action.startsWith("identity."))).toEqual([
      "identity.linked",
      "identity.unlinked",
    ]);
  });

  it("keeps the last way in that works, where a provider has another issuer now, and links that anew", async () => {
    const site = await open({ dialect });
    const { GITHUB } = site.at;
    const browser = site.open();
    await comeBack(browser, site);
    const place = await begin(browser, "github", (await browser.get("/account")).form("/auth/start/github"));
    const linked = await browser.get(await decide(GITHUB, place, "lin-wei"));
    const unlinkForms = (page: typeof linked) => page.forms.filter(({ action }) => action.endsWith("/unlink"));
    expect(unlinkForms(linked)).toHaveLength(2);
    expect(linked.forms.map(({ action }) => action)).not.toContain("/auth/start/google");
    const before = { issuer: "https://before.test" };
    await site.context.store.db.updateTable("identities").set(before).where("provider", "=", "google").execute();

    const account = await browser.get("/account");
    expect(account.forms.map(({ action }) => action)).toContain("/auth/start/google");
    // Ada came by Google first: that is the one that may go.
    const [dead, ...others] = unlinkForms(account);
    if (dead === undefined) throw new Error("the one that does not work any more can be unlinked");
    expect(others).toEqual([]);
    await browser.submit(dead);
    expect((await signIn(site.open(), "github", GITHUB, "lin-wei")).heading).toBe("Hello, Ada Example");
    expect(await accounts(site)).toHaveLength(1);
  });
});

it("lets a whole office in from one address on its first day", async () => {
  const site = await open();
  const office = Array.from({ length: 25 }, (_, index) => ({ ...ada(), sub: `90${index}`, name: `Person ${index}` }));
  site.at.GOOGLE.people.push(...office);
  for (const { sub, name } of office) expect((await comeBack(site.open(), site, sub)).heading).toBe(`Hello, ${name}`);
});

it("is refused in plain words where accounts are by invitation", async () => {
  const site = await open({ signup: "invited" });
  const page = await comeBack(site.open(), site);
  expect([page.status, codeOf(page)]).toEqual([403, "sign_up_not_allowed"]);
  expect(page.text).toContain("ask whoever runs this control plane for an invitation link");
  expect(await accounts(site)).toEqual([]);
});

it("comes by an invitation, which is used up by it alone", async () => {
  const site = await open({ signup: "invited" });
  await setUp(site);
  const link = pathOf(await createInvitationLink(site.context));
  const browser = site.open();
  const place = await begin(browser, "google", (await browser.get(link)).form("/auth/start/google"));
  expect((await site.open().get(link)).status).toBe(200);
  expect((await browser.get(await decide(site.at.GOOGLE, place, ada().sub))).heading).toBe("Hello, Ada Example");
  expect(codeOf(await site.open().get(link))).toBe("link_invalid");
  expect(await accounts(site)).toContainEqual({ name: "Ada Example", origin: "invitation" });
});

it("uses no invitation up who has an account already", async () => {
  const site = await open({ signup: "open" });
  await setUp(site);
  await comeBack(site.open(), site);
  const link = pathOf(await createInvitationLink(site.context));
  const browser = site.open();
  const place = await begin(browser, "google", (await browser.get(link)).form("/auth/start/google"));
  expect((await browser.get(await decide(site.at.GOOGLE, place, ada().sub))).path).toBe("/");
  expect((await site.open().get(link)).status).toBe(200);
});

it("makes the first account by the set-up link, and one only", async () => {
  const site = await open({ signup: "invited" });
  const link = pathOf(await createSetupLink(site.context));
  const [first, second] = [site.open(), site.open()];
  const places = [
    await begin(first, "google", (await first.get(link)).form("/auth/start/google")),
    await begin(second, "google", (await second.get(link)).form("/auth/start/google")),
  ] as const;
  expect((await first.get(await decide(site.at.GOOGLE, places[0], ada().sub))).path).toBe("/");
  const late = await second.get(await decide(site.at.GOOGLE, places[1], grace().sub));
  expect(codeOf(late)).toBe("set_up_done");
  expect(await accounts(site)).toEqual([{ name: "Ada Example", origin: "setup" }]);
});

it("does not begin with a link that is of no use", async () => {
  const site = await open({ signup: "invited" });
  const browser = site.open();
  const { values } = (await browser.get("/sign-in")).form("/auth/start/google");
  for (const link of ["x".repeat(43), "../set-up"]) {
    expect(codeOf(await browser.post("/auth/start/google", { ...values, link }))).toBe("link_invalid");
  }
});

it("is asked for a name where what the provider says cannot be one", async () => {
  const site = await open();
  const { GOOGLE } = site.at;
  const [person] = GOOGLE.people;
  for (const name of ["\u202eevil", "\u001b[31mred", "x".repeat(500), " "]) {
    Object.assign(person ?? {}, { name, email: `${name}@example.com` });
    const browser = site.open();
    const asked = await comeBack(browser, site);
    expect(asked.path).toMatch(/^\/sign-in\/finish/);
    expect(asked.form("/sign-in/finish").values["name"]).toBe("");
    expect(asked.html).not.toMatch(/[\u202e\u001b]/);
    const refused = await browser.submit(asked.form("/sign-in/finish"));
    expect(refused.wrong("name")).toContain("cannot be a person's name");
  }
  Object.assign(person ?? {}, { name: "<script>alert(1)</script>" });
  const home = await comeBack(site.open(), site);
  expect(home.heading).toBe("Hello, <script>alert(1)</script>");
  expect(home.html).not.toContain("<script>alert");
});

it("guesses binding codes five times from one address", async () => {
  const site = await open({ signup: "code" });
  const browser = site.open();
  let page = await comeBack(browser, site);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    page = await browser.submit(page.form("/sign-in/finish"), { binding_code: someBindingCode() });
    expect(page.status).toBe(422);
  }
  page = await browser.submit(page.form("/sign-in/finish"), { name: "", binding_code: "no code" });
  expect(page.wrong("name")).toContain("cannot be a person's name");
  expect(page.wrong("binding_code")).toContain("not valid");
  page = await browser.submit(page.form("/sign-in/finish"), { name: "Ada", binding_code: someBindingCode() });
  expect(page.status).toBe(429);
});

it("is shown the page for what is missing in the browser that signed in, and in no other", async () => {
  const site = await open({ signup: "code" });
  const asked = await comeBack(site.open(), site);
  const other = site.open();
  await begin(other, "google");
  expect(codeOf(await other.get(asked.path))).toBe("sign_in_attempt_invalid");
});

it("cannot link what belongs to another account, nor for somebody who has signed out meanwhile", async () => {
  const site = await open();
  const { GITHUB } = site.at;
  await signIn(site.open(), "github", GITHUB, "lin-wei");
  const browser = site.open();
  const begun = async () => {
    const account = await browser.get("/account");
    return await decide(GITHUB, await begin(browser, "github", account.form("/auth/start/github")), "lin-wei");
  };
  await comeBack(browser, site);
  const taken = await browser.get(await begun());
  expect([taken.status, codeOf(taken)]).toEqual([409, "identity_linked_elsewhere"]);

  let callback = await begun();
  browser.cookies.delete("jitnode");
  expect(codeOf(await browser.get(callback))).toBe("sign_in_attempt_invalid");
  await comeBack(browser, site);
  callback = await begun();
  browser.cookies.delete("jitnode");
  await comeBack(browser, site, grace().sub);
  expect(codeOf(await browser.get(callback))).toBe("sign_in_attempt_invalid");
});
