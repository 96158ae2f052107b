// Set-up, invitation, reset, sign-up and sign-in, as a browser without JavaScript goes through them.
import { describe, expect, test } from "vitest";
import { createInvitationLink, createResetLink, createSetupLink } from "../../../../src/control/services/links.js";
import { createAccountAdministration } from "../../../../src/control/services/account-administration.js";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import { createBindingCodes } from "../../../../src/control/services/binding-codes.js";
import {
  addPerson,
  auditActions,
  dialects,
  once,
  outcome,
  someBindingCode,
  type TestContext,
} from "../../control-context.js";
import { createTestSite, invite, password, pathOf, setUp } from "../site.js";

const person = { login: "ada", name: "Ada Lovelace", password };

async function accountsIn(context: TestContext) {
  return await context.store.db.selectFrom("accounts").selectAll().orderBy("created_at").execute();
}

async function organizationCode(context: TestContext): Promise<string> {
  const founder = await addPerson(context);
  const organizations = createOrganizations(context);
  const input = { id: "rockets", name: "Rockets", agreement: organizations.agreement.version };
  await organizations.create(founder, input, once());
  return (await createBindingCodes(context).show(founder, "rockets")).binding_code;
}

describe("the set-up link", () => {
  test("makes the first account, signs it in and works once", async () => {
    const site = await createTestSite();
    const link = pathOf(await createSetupLink(site.context));
    const browser = site.open();
    for (let opened = 0; opened < 2; opened += 1)
      expect((await browser.get(link)).heading).toBe("Create the first account");
    const page = await browser.submit(browser.page().form(), person);
    expect(page.redirects).toEqual([{ status: 303, location: "/" }]);
    expect(page.heading).toBe("Hello, Ada Lovelace");
    expect(await accountsIn(site.context)).toMatchObject([{ name: "Ada Lovelace", origin: "setup" }]);
    expect([...(await auditActions(site.context))].sort()).toEqual(["account.created", "account.signed_in"]);

    const late = await site.open().get(link);
    expect(late.status).toBe(410);
    expect(late.text).toContain("This link is not valid, or was used, or has expired.");
    expect(await outcome(createSetupLink(site.context))).toBe("set_up_done");
  });

  test("expires, and says so like one that never was", async () => {
    const site = await createTestSite();
    const link = pathOf(await createSetupLink(site.context));
    site.context.advance(25 * 3_600_000);
    const expired = await site.open().get(link);
    const unknown = await site.open().get(`/set-up/${"a".repeat(43)}`);
    expect(expired.status).toBe(410);
    expect(expired.text).toBe(unknown.text);
  });

  test("a newer one ends those before it", async () => {
    const site = await createTestSite();
    const older = pathOf(await createSetupLink(site.context));
    const newer = pathOf(await createSetupLink(site.context));
    expect((await site.open().get(older)).status).toBe(410);
    expect((await site.open().get(newer)).heading).toBe("Create the first account");
  });

  test.each(dialects)("two people at once with two links: one account (%s)", async (dialect) => {
    const site = await createTestSite({}, dialect);
    const links = [await createSetupLink(site.context), await createSetupLink(site.context)];
    // As if two replicas had made them at the same moment.
    await site.context.store.db.updateTable("account_links").set({ used_at: null }).execute();
    const forms = await Promise.all(
      [...links, ...links].map(async (link) => {
        const browser = site.open();
        return { browser, form: (await browser.get(pathOf(link))).form() };
      }),
    );
    const pages = await Promise.all(
      forms.map(({ browser, form }, index) => browser.submit(form, { ...person, login: `first${String(index)}` })),
    );
    expect(pages.filter((page) => page.status === 200)).toHaveLength(1);
    for (const page of pages) expect([200, 409, 410]).toContain(page.status);
    expect(await accountsIn(site.context)).toHaveLength(1);
  });
});

describe("an invitation", () => {
  test("makes one account whatever the policy is", async () => {
    const site = await createTestSite({ signup: "invited" });
    expect(await outcome(createInvitationLink(site.context))).toBe("set_up_needed");
    await setUp(site);
    const browser = await invite(site, "grace", "Grace Hopper");
    expect(browser.page().heading).toBe("Hello, Grace Hopper");
    expect((await accountsIn(site.context)).map(({ origin }) => origin).sort()).toEqual(["invitation", "setup"]);
  });

  test.each(dialects)("five who use it at once: one account (%s)", async (dialect) => {
    const site = await createTestSite({}, dialect);
    await setUp(site, "first");
    const link = pathOf(await createInvitationLink(site.context));
    const browsers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = site.open();
        await browser.get(link);
        return browser;
      }),
    );
    const pages = await Promise.all(
      browsers.map((browser, index) =>
        browser.submit(browser.page().form(), { ...person, login: `p${String(index)}` }),
      ),
    );
    expect(pages.map((page) => page.status).sort()).toEqual([200, 410, 410, 410, 410]);
    expect(await accountsIn(site.context)).toHaveLength(2);
  });

  test("keeps what was typed, but the password, and says what is wrong with which field", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = site.open();
    await browser.get(pathOf(await createInvitationLink(site.context)));
    const tries = [
      [{ login: "Not a name!" }, "login", "2 to 64"],
      [{ login: "ADA " }, "login", "already"],
      [{ name: "evil\u202ename" }, "name", "1 to 80 characters"],
      [{ password: "short" }, "password", "10 to 200"],
      [{ login: "grace.hopper", password: "Grace.Hopper" }, "password", "10 to 200"],
      [{ password: "aaaaaaaaaaaa" }, "password", "10 to 200"],
    ] as const;
    for (const [wrong, field, words] of tries) {
      const page = await browser.submit(browser.page().form(), { login: "grace", name: "Grace", password, ...wrong });
      expect(page.status).toBeGreaterThanOrEqual(400);
      expect(page.wrong(field)).toContain(words);
      expect(page.title).toMatch(/^Problem: /);
      expect(page.html).not.toContain(password);
      expect(page.form().values).toMatchObject({ password: "", login: "login" in wrong ? wrong.login : "grace" });
    }
    const several = await browser.submit(browser.page().form(), { login: "!", name: "Grace", password: "short" });
    expect([several.wrong("login"), several.wrong("name"), several.wrong("password")]).toEqual([
      expect.stringContaining("2 to 64"),
      undefined,
      expect.stringContaining("10 to 200"),
    ]);
    const page = await browser.submit(browser.page().form(), { login: " Grace ", name: "Grace", password });
    expect(page.heading).toBe("Hello, Grace");
  });
});

describe("signing up", () => {
  test("is not offered where accounts need an invitation", async () => {
    const site = await createTestSite({ signup: "invited" });
    expect((await site.open().get("/sign-in")).links).not.toContain("/sign-up");
    const page = await site.open().get("/sign-up");
    expect(page.status).toBe(403);
    expect(page.text).toContain("New accounts need an invitation here.");
    const browser = site.open();
    const { csrf = "" } = (await browser.get("/sign-in")).form().values;
    expect((await browser.post("/sign-up", { ...person, csrf })).status).toBe(403);
    expect(await accountsIn(site.context)).toEqual([]);
  });

  test("is open where that is the policy", async () => {
    const site = await createTestSite({ signup: "open" });
    const browser = site.open();
    const page = await browser.submit((await browser.get("/sign-up")).form(), person);
    expect(page.heading).toBe("Hello, Ada Lovelace");
    expect(await accountsIn(site.context)).toMatchObject([{ origin: "open" }]);
  });

  test("is limited per address where it is open, also for those who only ask which names are taken", async () => {
    const site = await createTestSite({ signup: "open" });
    const browser = await setUp(site);
    const signUp = async (login: string) => {
      const stranger = site.open();
      return stranger.submit((await stranger.get("/sign-up")).form(), { ...person, login });
    };
    for (let count = 0; count < 19; count += 1) await site.context.limits.take("sign_up", { address: "127.0.0.1" });
    expect((await signUp("ada")).wrong("login")).toContain("with this name already");
    const refused = await signUp("grace");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_000);
    expect(await accountsIn(site.context)).toHaveLength(1);
    expect((await browser.get("/")).heading).toBe("Hello, ada");
  });

  test("with a right code and a taken name is no wrong code", async () => {
    const site = await createTestSite();
    await setUp(site);
    const code = await organizationCode(site.context);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const browser = site.open();
      const page = await browser.submit((await browser.get("/sign-up")).form(), { ...person, binding_code: code });
      expect(page.wrong("login")).toContain("with this name already");
    }
  });

  test.each(dialects)("with a binding code makes account and membership together (%s)", async (dialect) => {
    const site = await createTestSite({}, dialect);
    const code = await organizationCode(site.context);
    const browser = site.open();
    const page = await browser.submit((await browser.get("/sign-up")).form(), {
      ...person,
      binding_code: ` ${code.toLowerCase().replaceAll("-", " ")}`,
    });
    expect(page.text).toContain("Rockets");
    expect(page.text).toContain("Member");
    expect(await accountsIn(site.context)).toMatchObject([{}, { origin: "code" }]);
    expect(await auditActions(site.context)).toContain("member.joined");
  });

  test("says everything that is wrong at once, begins with the first, and tries no code before that is mended", async () => {
    const site = await createTestSite();
    await setUp(site);
    const code = await organizationCode(site.context);
    const browser = site.open();
    await browser.get("/sign-up");
    const wrong = { login: "!", name: "", password: "short" };
    const fields = ["login", "name", "password", "binding_code"];
    const toldOf = async (sent: Readonly<Record<string, string>>) => {
      const page = await browser.submit(browser.page().form(), sent);
      expect(page.status).toBe(422);
      const [focused, ...others] = page.html.match(/<input[^>]* autofocus[^>]*>/g) ?? [];
      expect(others).toEqual([]);
      const told = fields.filter((name) => page.wrong(name) !== undefined);
      expect(focused).toContain(` name="${told[0] ?? ""}"`);
      return told;
    };
    expect(await toldOf({ ...wrong, binding_code: "no code" })).toEqual(fields);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      expect(await toldOf({ ...wrong, binding_code: someBindingCode() })).toEqual(["login", "name", "password"]);
      expect(await toldOf({ ...person, name: "", binding_code: "no code" })).toEqual(["name", "binding_code"]);
    }
    const page = await browser.submit(browser.page().form(), { ...person, login: "grace", binding_code: code });
    expect(page.text).toContain("Rockets");
  });

  test("with a wrong code makes nothing, says nothing of names, and stops after five", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = site.open();
    await browser.get("/sign-up");
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const page = await browser.submit(browser.page().form(), { ...person, binding_code: "BCDF-GHJK-LMNP-Q" });
      expect(page.status).toBe(422);
      expect(page.wrong("binding_code")).toContain("not valid");
      expect(page.wrong("login")).toBeUndefined();
      expect(page.form().values["binding_code"]).toBe("");
    }
    const refused = await browser.submit(browser.page().form(), { ...person, binding_code: "BCDF-GHJK-LMNP-Q" });
    expect(refused.status).toBe(429);
    expect(refused.text).toContain("Try again in 15 minutes.");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(800);
    expect(await accountsIn(site.context)).toHaveLength(1);
  });
});

describe("signing in", () => {
  test("answers an unknown name and a wrong password alike, and stops after five", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = site.open();
    await browser.get("/sign-in");
    const texts = new Set<string>();
    for (const login of ["ada", "nobody", "ada", "nobody", "not a name"]) {
      const page = await browser.submit(browser.page().form(), { login, password: "wrong password" });
      expect(page.status).toBe(401);
      expect(page.form().values["login"]).toBe(login);
      texts.add(page.text);
    }
    expect(texts.size).toBe(1);
    const refused = await browser.submit(browser.page().form(), { login: "ada", password });
    expect(refused.status).toBe(429);
    expect(browser.cookies.has("jitnode")).toBe(false);

    site.context.advance(16 * 60_000);
    expect((await browser.submit(browser.page().form(), { login: "Ada", password })).heading).toBe("Hello, ada");
  });

  test("twelve guesses at once are still five", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = site.open();
    const form = (await browser.get("/sign-in")).form();
    const pages = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        browser.submit(form, { login: "ada", password: `guess number ${String(index)}` }),
      ),
    );
    expect(pages.filter((page) => page.status === 401)).toHaveLength(5);
    expect(pages.filter((page) => page.status === 429)).toHaveLength(7);
  });

  test("is slower, and not refused, for a name that is guessed at from everywhere, whether anybody has it or not", async () => {
    const site = await createTestSite();
    await setUp(site);
    for (const login of ["ada", "nobody"]) {
      const target = site.context.secrets.hash(`password ${login}`);
      for (let count = 0; count < 60; count += 1) {
        await site.context.limits.count("password", { address: `198.51.100.${String(count)}`, target });
      }
      const browser = site.open();
      await browser.submit((await browser.get("/sign-in")).form(), { login, password });
      expect(browser.page().heading).toBe(login === "ada" ? "Hello, ada" : "Sign in");
    }
    expect(site.context.metrics.render()).toContain('jitnode_control_slowed_total{limit="password"} 2');
    expect((await auditActions(site.context)).filter((action) => action === "limit.slowed")).toHaveLength(2);
  });

  test("ends with signing out, which a link cannot do", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const session = browser.cookies.get("jitnode") ?? "";
    const asked = await browser.get("/sign-out");
    expect(asked.heading).toBe("Sign out?");
    expect(asked.html).toContain('<a class="button" href="/">Cancel</a>');
    expect((await browser.get("/")).status).toBe(200);
    const page = await browser.submit(browser.page().form("/sign-out"));
    expect(page.path).toBe("/sign-in");
    expect(browser.cookies.has("jitnode")).toBe(false);

    const thief = site.open();
    thief.cookies.set("jitnode", session);
    expect((await thief.get("/")).path).toBe("/sign-in");
  });

  test("is refused to a disabled account, whose browsers are out at once", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const administration = createAccountAdministration(site.context);
    expect(await outcome(administration.disable("nobody"))).toBe("account_not_found");
    await administration.disable("ada");
    await administration.disable("ada");
    expect((await browser.get("/")).path).toBe("/sign-in");
    const page = await browser.submit(browser.page().form(), { login: "ada", password });
    expect(page.status).toBe(403);
    expect(page.text).toContain("This account is disabled.");
    await administration.enable("ada");
    expect((await browser.get("/")).path).toBe("/sign-in");
    expect((await browser.submit(browser.page().form(), { login: "ada", password })).heading).toBe("Hello, ada");
    expect([...(await auditActions(site.context))].sort()).toEqual([
      "account.created",
      "account.disabled",
      "account.enabled",
      "account.signed_in",
      "account.signed_in",
    ]);
  });

  test("lasts 12 hours without use and 7 days with it", async () => {
    const hour = 3_600_000;
    const site = await createTestSite();
    const idle = await setUp(site);
    site.context.advance(12 * hour - 1000);
    expect((await idle.get("/")).path).toBe("/");
    site.context.advance(12 * hour);
    expect((await idle.get("/")).path).toBe("/sign-in");

    const busy = site.open();
    await busy.submit((await busy.get("/sign-in")).form(), { login: "ada", password });
    for (let hours = 0; hours < 7 * 24 - 10; hours += 10) {
      site.context.advance(10 * hour);
      expect((await busy.get("/")).path).toBe("/");
    }
    site.context.advance(10 * hour);
    expect((await busy.get("/")).path).toBe("/sign-in");
  });
});

describe("the reset link", () => {
  test("sets a new password once and ends every other session", async () => {
    const site = await createTestSite();
    const elsewhere = await setUp(site);
    const old = pathOf(await createResetLink(site.context, "ada"));
    const link = pathOf(await createResetLink(site.context, "ada"));
    expect((await site.open().get(old)).status).toBe(410);

    const browser = site.open();
    const short = await browser.submit((await browser.get(link)).form(), { password: "short" });
    expect(short.wrong("password")).toContain("10 to 200");
    expect((await browser.submit(short.form(), { password: "another good one" })).heading).toBe("Hello, ada");
    expect((await elsewhere.get("/")).path).toBe("/sign-in");
    expect((await site.open().get(link)).status).toBe(410);

    const before = await elsewhere.submit(elsewhere.page().form(), { login: "ada", password });
    expect(before.status).toBe(401);
    const after = await elsewhere.submit(before.form(), { login: "ada", password: "another good one" });
    expect(after.heading).toBe("Hello, ada");
    const actions = await auditActions(site.context);
    expect(actions).toContain("account.password_changed");
    expect(actions.filter((action) => action === "account.link_made")).toHaveLength(2);
  });

  test("is not made for somebody who signs in with a provider only", async () => {
    const { context } = await createTestSite();
    const { accountId } = await addPerson(context);
    await expect(createResetLink(context, accountId)).rejects.toMatchObject({
      code: "account_not_found",
      message: expect.stringContaining("signs in with a provider") as string,
    });
  });
});
