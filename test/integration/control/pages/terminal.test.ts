// A terminal's request to be signed in, which pages alone decide.
import { describe, expect, test } from "vitest";
import { createBindingCodes } from "../../../../src/control/services/binding-codes.js";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import {
  addPerson,
  addRequest,
  auditActions,
  dialects,
  once,
  type AskingNode,
  type TestContext,
} from "../../control-context.js";
import { createTestSite, enterCode, invite, setUp } from "../site.js";

const askAs = (context: TestContext, columns: Parameters<typeof addRequest>[1] = {}): Promise<AskingNode> =>
  addRequest(context, {
    client_id: "jitnode-cli",
    dpop_jkt: null,
    public_jwk: null,
    scope: "people",
    agent: "jitnode/0.1.0 linux",
    node_name: "",
    ...columns,
  });

async function found(context: TestContext, id: string): Promise<string> {
  const founder = await addPerson(context);
  const organizations = createOrganizations(context);
  await organizations.create(founder, { id, name: `The ${id}`, agreement: organizations.agreement.version }, once());
  return (await createBindingCodes(context).show(founder, id)).binding_code;
}

async function rowOf(context: TestContext, { requestId }: AskingNode) {
  return await context.store.db
    .selectFrom("device_requests")
    .select(["state", "decided_by", "scope"])
    .where("id", "=", requestId)
    .executeTakeFirstOrThrow();
}

const memberships = (context: TestContext) => context.store.db.selectFrom("memberships").selectAll().execute();

describe.each(dialects)("a terminal (%s)", (dialect) => {
  test("is signed in by number, with the scope that was shown, once", async () => {
    const site = await createTestSite({}, dialect);
    const browser = await setUp(site);
    const request = await askAs(site.context);
    const asks = await enterCode(browser, request.userCode);
    expect(asks.heading).toBe("Sign in a terminal");
    for (const words of ["jitnode/0.1.0 linux", "It may do all that you may do", "your own terminal"])
      expect(asks.text).toContain(words);
    expect(asks.form().buttons.map((button) => button.text)).toEqual(["Approve", "Deny"]);
    const pages = await Promise.all([1, 2].map(() => browser.submit(asks.form(), { number: "42" })));
    for (const page of pages) expect(page.heading).toBe("The terminal is signed in");
    const { account_id } = await site.context.store.db
      .selectFrom("identities")
      .select("account_id")
      .executeTakeFirstOrThrow();
    expect(await rowOf(site.context, request)).toEqual({ state: "approved", decided_by: account_id, scope: "people" });
    expect((await auditActions(site.context)).filter((action) => action === "activation.approved")).toHaveLength(1);
    expect((await browser.submit(asks.form(), {}, "Deny")).heading).toBe("The terminal is signed in");
  });

  test("of a node whose organization the person does not belong to needs that organization's code", async () => {
    const site = await createTestSite({}, dialect);
    const code = await found(site.context, "rockets");
    const foreign = await found(site.context, "planes");
    const browser = await invite(site, "ada");
    const there = await askAs(site.context, { org_hint: "rockets" });
    const nowhere = await askAs(site.context, { org_hint: "nothing" });

    // Existing or not, the pages and their answers are the same but for the name that was given.
    const texts = [];
    for (const [request, name] of [
      [there, "rockets"],
      [nowhere, "nothing"],
    ] as const) {
      const asks = await enterCode(browser, request.userCode);
      const empty = await browser.submit(asks.form(), { number: "42" });
      expect(empty.wrong("binding_code")).toContain("missing");
      expect(empty.form().values["number"]).toBe("42");
      const both = await browser.submit(asks.form(), { number: "4", binding_code: "nobody's" });
      expect([both.wrong("number"), both.wrong("binding_code")]).toEqual([
        expect.stringContaining("two digits"),
        expect.stringContaining("not valid"),
      ]);
      expect(both.form().values["number"]).toBe("");
      expect(both.html.match(/<input[^>]* autofocus/g)).toEqual([expect.stringContaining('name="number"')]);
      const wrong = await browser.submit(empty.form(), { binding_code: foreign });
      expect(wrong.status).toBe(422);
      expect(wrong.wrong("binding_code")).toContain("This binding code is not valid.");
      texts.push(
        [asks, empty, wrong].map((page) => page.text.replaceAll(name, "NAME").replaceAll(request.userCode, "CODE")),
      );
      expect((await rowOf(site.context, request)).state).toBe("pending");
    }
    expect(texts[0]).toEqual(texts[1]);
    expect(await memberships(site.context)).toHaveLength(2);

    // A right code with a wrong number joins nothing.
    const asks = await enterCode(browser, there.userCode);
    const slip = await browser.submit(asks.form(), { number: "41", binding_code: code });
    expect(slip.wrong("number")).toContain("not the number");
    expect(slip.form().values["number"]).toBe("");
    expect(await memberships(site.context)).toHaveLength(2);
    const done = await browser.submit(slip.form(), { number: "42", binding_code: code });
    expect(done.heading).toBe("The terminal is signed in");
    expect(await memberships(site.context)).toHaveLength(3);

    // A member is asked for no code.
    const again = await askAs(site.context, { org_hint: "rockets" });
    const member = await enterCode(browser, again.userCode);
    expect(member.form().fields.map((field) => field.name)).not.toContain("binding_code");
    expect((await browser.submit(member.form(), { number: "42" })).heading).toBe("The terminal is signed in");
  });
});

test("a terminal that asks for less is told of with less", async () => {
  const site = await createTestSite();
  const browser = await setUp(site);
  const request = await askAs(site.context, { scope: "activate" });
  const page = await enterCode(browser, request.userCode);
  expect(page.text).toContain("It is signed out when that is done.");
  expect(page.text).not.toContain("It may do all that you may do");
});

test("denying, and the third wrong number, sign nobody in", async () => {
  const site = await createTestSite();
  const browser = await setUp(site);
  const first = await askAs(site.context);
  const denied = await browser.submit((await enterCode(browser, first.userCode)).form(), {}, "Deny");
  expect(denied.heading).toBe("The request was denied");
  expect(await rowOf(site.context, first)).toMatchObject({ state: "denied" });

  const second = await askAs(site.context);
  let page = await enterCode(browser, second.userCode);
  for (const number of ["01", "02"]) page = await browser.submit(page.form(), { number });
  expect(page.wrong("number")).toBe(
    "This is not the number that the terminal shows. Compare it with the terminal's own output; the third wrong number denies its sign-in.",
  );
  page = await browser.submit(page.form(), { number: "03" });
  expect(page.text).toContain("The third wrong number has denied this request.");
  expect(await rowOf(site.context, second)).toMatchObject({ state: "denied", decided_by: null });
});

test("a wrong number is told of in Chinese as well", async () => {
  const site = await createTestSite();
  const browser = await setUp(site);
  const { userCode } = await askAs(site.context);
  const asks = await enterCode(browser, userCode);
  await browser.get("/?lang=zh");
  const page = await browser.submit(asks.form(), { number: "01" });
  expect(page.wrong("number")).toBe(
    "这不是终端上显示的数字。 请与终端自己的输出核对；第三次输错时，该终端的登录将被拒绝。",
  );
});

test("one that is over is spoken of as a terminal's sign-in, not as a node's activation", async () => {
  const site = await createTestSite();
  const browser = await setUp(site);
  const grace = await invite(site, "grace");
  const decided = await askAs(site.context);
  const late = (await enterCode(grace, decided.userCode)).form();
  await browser.submit((await enterCode(browser, decided.userCode)).form(), { number: "42" });
  const cancelled = await askAs(site.context, { state: "revoked" });
  const expired = await askAs(site.context);
  const shown = (await enterCode(browser, expired.userCode)).path;

  const pages = [await grace.submit(late, { number: "42" }), await grace.submit(late, {}, "Deny")];
  for (const { heading, text } of pages) {
    expect(heading).toBe("This request was decided already");
    expect(text).toContain("Look at the terminal that asked: it says whether it is signed in.");
  }
  pages.push(await enterCode(browser, cancelled.userCode));
  expect(pages.at(-1)?.wrong("code")).toBe("This terminal's sign-in was cancelled. Start again at the terminal.");
  site.context.advance(601_000);
  pages.push(await enterCode(browser, expired.userCode));
  expect(pages.at(-1)?.wrong("code")).toBe("This terminal's sign-in has expired. Start again at the terminal.");
  pages.push(await browser.get(shown));
  expect(pages.at(-1)?.heading).toBe("This terminal's sign-in has expired.");
  for (const { text } of pages) expect(text).not.toMatch(/on the node|This activation|jitnode (status|activate)/);
  await browser.get("/?lang=zh");
  expect((await browser.get(shown)).heading).toBe("此终端的登录请求已过期。");
});

test("five wrong binding codes are enough", async () => {
  const site = await createTestSite();
  const code = await found(site.context, "rockets");
  const browser = await invite(site, "ada");
  const request = await askAs(site.context, { org_hint: "rockets" });
  let page = await enterCode(browser, request.userCode);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    page = await browser.submit(page.form(), { number: "42", binding_code: "BCDF-GHJK-LMNP-Q" });
    expect(page.status).toBe(422);
  }
  page = await browser.submit(page.form(), { number: "42", binding_code: code });
  expect(page.status).toBe(429);
  expect(page.text).toContain("Try again in 15 minutes.");
  expect(await rowOf(site.context, request)).toMatchObject({ state: "pending" });
});
