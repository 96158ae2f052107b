// The page of one's account, as a browser without JavaScript goes through it.
import { expect, test } from "vitest";
import type { PageClient, ReadPage } from "../../../e2e/page-client.js";
import { createPageClient } from "../../../e2e/page-client.js";
import { addRequest } from "../../control-context.js";
import { createTestSite, enterCode, password, setUp, type TestSite } from "../site.js";

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async function signIn(site: TestSite, userAgent?: string): Promise<PageClient> {
  const browser = createPageClient(site.url, userAgent === undefined ? {} : { userAgent });
  await browser.submit((await browser.get("/sign-in")).form("/sign-in"), { login: "ada", password });
  return browser;
}

const isIn = async (browser: PageClient): Promise<boolean> => (await browser.get("/")).path === "/";

const endings = (page: ReadPage) => page.forms.filter(({ action }) => /^\/account\/sessions\/.*\/end$/.test(action));

test("it shows who one is, the ways in, and every browser and terminal that is signed in", async () => {
  const site = await createTestSite();
  const ada = await setUp(site);
  await signIn(site, firefox);
  const page = await ada.get("/account");
  expect(page.heading).toBe("Your account");
  expect(page.text).toMatch(/Account ID JP_/);
  expect(page.text).toContain("Name and password ada Added");
  expect(page.text).toContain("The last way in cannot be unlinked.");
  expect(page.text).toContain("Firefox · Linux Browser");
  expect(page.text).toContain("jitnode test browser This browser");
  expect(endings(page)).toHaveLength(2);
  // Heard without the row around it, each button says what it ends.
  expect(page.html).toContain('aria-label="End: Firefox · Linux"');
  expect(page.html).toContain('aria-label="Sign out: jitnode test browser"');
  expect((await ada.get("/")).links).toContain("/account");
});

test("one session is ended at once; ending one's own signs out", async () => {
  const site = await createTestSite();
  const ada = await setUp(site);
  const other = await signIn(site, firefox);
  const page = await ada.get("/account");
  const [theOther] = endings(page).filter(({ buttons }) => buttons[0]?.text === "End");
  const [own] = endings(page).filter(({ buttons }) => buttons[0]?.text === "Sign out");
  if (theOther === undefined || own === undefined) throw new Error("both sessions are listed");
  expect((await ada.submit(theOther)).text).toContain("The session was ended.");
  expect([await isIn(ada), await isIn(other)]).toEqual([true, false]);
  // Again, and one that is nobody's: nothing happens.
  await ada.submit(theOther);
  expect((await ada.submit(own)).path).toBe("/sign-in");
  expect(await isIn(ada)).toBe(false);
});

test("nobody ends another person's session", async () => {
  const site = await createTestSite();
  const ada = await setUp(site);
  const [own] = endings(await ada.get("/account"));
  const stranger = await signIn(site);
  const row = await site.context.store.db.selectFrom("accounts").selectAll().executeTakeFirstOrThrow();
  await site.context.store.db
    .insertInto("accounts")
    .values({ ...row, id: "JP_1111111111111111", name: "Eve" })
    .execute();
  await site.context.store.db
    .updateTable("browser_sessions")
    .set({ account_id: "JP_1111111111111111" })
    .where("id_hash", "=", site.context.secrets.hash(stranger.cookies.get("jitnode") ?? ""))
    .execute();
  const csrf = (await stranger.get("/account")).form("/sign-out").values["csrf"] ?? "";
  await stranger.post(own?.action ?? "", { csrf });
  expect(await isIn(ada)).toBe(true);
});

test("signing out everywhere asks once more, and then ends browsers and terminals alike", async () => {
  const site = await createTestSite();
  const ada = await setUp(site);
  const other = await signIn(site, firefox);
  const terminal = await addRequest(site.context, {
    client_id: "jitnode-cli",
    scope: "people",
    agent: "jitnode/0.1.0",
  });
  const asks = await enterCode(ada, terminal.userCode);
  await ada.submit(asks.form(`/activate/${terminal.userCode}`), { number: "42" }, "Approve");
  const ask = await ada.get("/account/sign-out-everywhere");
  expect(ask.heading).toBe("Sign out everywhere?");
  expect((await ada.submit(ask.form("/account/sign-out-everywhere"))).path).toBe("/sign-in");
  expect([await isIn(ada), await isIn(other)]).toEqual([false, false]);
  // A terminal that had not fetched its tokens yet never does.
  const request = await site.context.store.db
    .selectFrom("device_requests")
    .select("state")
    .where("id", "=", terminal.requestId)
    .executeTakeFirstOrThrow();
  expect(request.state).toBe("revoked");
});

test("the last way in stays, whoever asks", async () => {
  const site = await createTestSite();
  const ada = await setUp(site);
  const page = await ada.get("/account");
  expect(page.forms.filter(({ action }) => action.endsWith("/unlink"))).toEqual([]);
  const [identity] = await site.context.store.db.selectFrom("identities").selectAll().execute();
  const id = site.context.secrets.hash(JSON.stringify([identity?.provider, identity?.issuer, identity?.subject]));
  const csrf = page.form("/sign-out").values["csrf"] ?? "";
  const refused = await ada.post(`/account/sign-ins/${id}/unlink`, { csrf });
  expect([refused.status, refused.heading]).toEqual([409, "Your account"]);
  expect(await signIn(site).then(isIn)).toBe(true);
});
