// A node's request through the pages: the code, what asks, the number, the organization, the decision, the result.
import { describe, expect, test } from "vitest";
import { createBindingCodes } from "../../../../src/control/services/binding-codes.js";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import {
  addPerson,
  addRequest,
  auditActions,
  dialects,
  once,
  type Person,
  type TestContext,
} from "../../control-context.js";
import { createTestSite, enterCode, invite, setUp } from "../site.js";

const choices = {
  create: { organization: "create", org_id: "rockets", org_name: "Rockets", consent: "yes" },
} as const;

async function found(
  context: TestContext,
  id: string,
  name: string,
): Promise<{ readonly founder: Person; readonly code: string }> {
  const founder = await addPerson(context);
  const organizations = createOrganizations(context);
  await organizations.create(founder, { id, name, agreement: organizations.agreement.version }, once());
  return { founder, code: (await createBindingCodes(context).show(founder, id)).binding_code };
}

async function bindings(context: TestContext) {
  return await context.store.db.selectFrom("bindings").select(["node_id", "org_id", "ended_at"]).execute();
}

async function requestState(context: TestContext, id: string): Promise<string> {
  const row = await context.store.db
    .selectFrom("device_requests")
    .select("state")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return row.state;
}

describe("the code", () => {
  test("in a link is filled in, and neither shows nor approves nor counts anything", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const request = await addRequest(site.context);
    for (let opened = 0; opened < 7; opened += 1) {
      const page = await browser.get(`/activate?code=${request.userCode}`);
      expect(page.form().values["code"]).toBe(request.userCode);
      expect(page.text).toContain("Going on approves nothing yet.");
      expect(page.text).not.toContain("builder");
      const guessed = await browser.get("/activate/BCDF-GHJK?seen=abc");
      expect(guessed.path).toBe("/activate?code=BCDF-GHJK");
    }
    expect(await requestState(site.context, request.requestId)).toBe("pending");
    const page = await browser.submit((await browser.get(`/activate?code=${request.userCode}`)).form());
    expect(page.heading).toBe("builder");
    expect((await browser.get(page.path)).heading).toBe("builder");

    const other = await invite(site, "grace");
    expect((await other.get(page.path)).path).toBe(`/activate?code=${request.userCode}`);
  });

  test("that is malformed, unknown, expired or cancelled is said so, and kept in the field", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const malformed = await enterCode(browser, "hello?");
    expect(malformed.wrong("code")).toContain("eight letters");
    expect(malformed.form().values["code"]).toBe("hello?");
    const unknown = await enterCode(browser, "bcdf ghjk");
    expect(unknown.status).toBe(404);
    expect(unknown.wrong("code")).toContain("There is no activation with this code.");
    expect(unknown.form().values["code"]).toBe("bcdf ghjk");
    const cancelled = await addRequest(site.context, { state: "revoked" });
    expect((await enterCode(browser, cancelled.userCode)).wrong("code")).toContain("cancelled");
    const request = await addRequest(site.context);
    const shown = await enterCode(browser, request.userCode);
    site.context.advance(601_000);
    expect((await enterCode(browser, request.userCode)).wrong("code")).toContain("expired");
    const late = await browser.get(shown.path);
    expect(late.status).toBe(410);
    expect(late.links).toContain("/activate");
  });

  test("guessed five times is refused for a quarter of an hour, for this person only", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const grace = await invite(site, "grace");
    const request = await addRequest(site.context);
    for (const code of ["BCDF-GHJK", "BCDF-GHJL", "BCDF-GHJM", "BCDF-GHJN", "BCDF-GHJP"]) {
      expect((await enterCode(browser, code)).status).toBe(404);
    }
    const refused = await enterCode(browser, request.userCode);
    expect(refused.status).toBe(429);
    expect(refused.text).toContain("Try again in 15 minutes.");
    expect((await enterCode(grace, request.userCode)).heading).toBe("builder");
  });
});

test("what asks is told with what is claimed and what is known", async () => {
  const site = await createTestSite();
  const browser = await setUp(site);
  const request = await addRequest(site.context, { node_name: "web 1", node_version: "9.9.9", node_os: "Debian 13" });
  site.context.advance(2 * 60_000 + 5_000);
  const page = await enterCode(browser, request.userCode);
  for (const words of [
    "web 1",
    "9.9.9",
    "Debian 13",
    "What it says about itself",
    request.userCode,
    request.nodeId,
    request.key.thumbprint,
  ]) {
    expect(page.text).toContain(words);
  }
  expect(page.text).toMatch(/198\.51\.100\.7 ?, not your current address/);
  expect(page.text).toContain("2 minutes ago");
  expect(page.text).toContain("Go on only if you started this node yourself.");
  expect(page.form().buttons.map((button) => button.text)).toEqual(["Approve", "Deny"]);
  const near = await addRequest(site.context, { address: "127.0.0.1" });
  expect((await enterCode(browser, near.userCode)).text).toMatch(/127\.0\.0\.1 ?, your current address/);
});

describe.each(dialects)("approving (%s)", (dialect) => {
  test("creates an organization, binds the node, and shows both; back and reload change nothing", async () => {
    const site = await createTestSite({}, dialect);
    const browser = await setUp(site);
    const request = await addRequest(site.context);
    const asks = await enterCode(browser, request.userCode);
    expect(asks.form().fields.filter((field) => field.type === "radio" && field.checked)).toEqual([]);
    const page = await browser.submit(asks.form(), { number: request.number, ...choices.create });
    expect(page.redirects.map((redirect) => redirect.status)).toEqual([303]);
    expect(page.heading).toBe("The node is activated");
    for (const words of ["builder", request.nodeId, "Rockets", "rockets"]) expect(page.text).toContain(words);
    // What needs no session comes first, and the sign-in before what needs one.
    expect(page.text).toMatch(/jitnode status .*sign in .*jitnode login\s+jitnode org members/);
    expect(await bindings(site.context)).toEqual([{ node_id: request.nodeId, org_id: "rockets", ended_at: null }]);

    for (let again = 0; again < 2; again += 1) {
      expect((await browser.get(page.path)).heading).toBe("The node is activated");
      const resent = await browser.submit(asks.form(), { number: request.number, ...choices.create });
      expect(resent.heading).toBe("The node is activated");
      expect((await browser.submit(asks.form(), {}, "Deny")).heading).toBe("The node is activated");
    }
    expect((await auditActions(site.context)).filter((action) => action === "node.bound")).toHaveLength(1);

    const other = await invite(site, "grace");
    const seen = await enterCode(other, request.userCode);
    expect(seen.heading).toBe("This request was decided already");
    expect(seen.text).not.toMatch(/Rockets|builder/);
  });

  test("a form sent twice at the same moment is decided once", async () => {
    const site = await createTestSite({}, dialect);
    const browser = await setUp(site);
    const request = await addRequest(site.context);
    const { form } = await enterCode(browser, request.userCode);
    const fields = { number: request.number, ...choices.create };
    const pages = await Promise.all([1, 2, 3].map(() => browser.submit(form(), fields)));
    expect(pages.map((page) => page.heading)).toEqual(Array(3).fill("The node is activated"));
    expect(await bindings(site.context)).toHaveLength(1);
    expect((await auditActions(site.context)).filter((action) => action === "activation.approved")).toHaveLength(1);
  });

  test("joins by binding code, and picks one that was joined", async () => {
    const site = await createTestSite({}, dialect);
    const { code } = await found(site.context, "rockets", "Rockets");
    const browser = await invite(site, "ada");
    const first = await addRequest(site.context);
    const asks = await enterCode(browser, first.userCode);
    const wrong = await browser.submit(asks.form(), {
      number: first.number,
      organization: "join",
      binding_code: "BCDF-GHJK-LMNP-Q",
    });
    expect(wrong.status).toBe(422);
    expect(wrong.wrong("binding_code")).toContain("This binding code is not valid.");
    expect(wrong.form().values).toMatchObject({ organization: "join", binding_code: "", number: first.number });
    const joined = await browser.submit(wrong.form(), { binding_code: code });
    expect(joined.text).toContain("Rockets");

    // One organization only: it is chosen already.
    const second = await addRequest(site.context);
    const pick = await enterCode(browser, second.userCode);
    expect(pick.form().values["organization"]).toBe("use:rockets");
    expect((await browser.submit(pick.form(), { number: second.number })).heading).toBe("The node is activated");

    // Two: nothing is.
    const more = await found(site.context, "planes", "Planes");
    const third = await addRequest(site.context);
    const join = await enterCode(browser, third.userCode);
    await browser.submit(join.form(), { number: third.number, organization: "join", binding_code: more.code });
    const fourth = await addRequest(site.context);
    const several = await enterCode(browser, fourth.userCode);
    expect(several.form().values["organization"]).toBeUndefined();
    const unchosen = await browser.submit(several.form(), { number: fourth.number });
    expect(unchosen.wrong("organization")).toContain("Choose an organization.");
    const chosen = await browser.submit(unchosen.form(), { number: fourth.number, organization: "use:planes" });
    expect(chosen.text).toContain("Planes");
    expect((await bindings(site.context)).map((binding) => binding.org_id).sort()).toEqual([
      "planes",
      "planes",
      "rockets",
      "rockets",
    ]);
  });
});

describe("a decision", () => {
  test("to deny needs no number and allows nothing", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const request = await addRequest(site.context);
    const page = await browser.submit((await enterCode(browser, request.userCode)).form(), {}, "Deny");
    expect(page.heading).toBe("The request was denied");
    expect(await requestState(site.context, request.requestId)).toBe("denied");
    expect(await bindings(site.context)).toEqual([]);
  });

  test("with a wrong number keeps what was typed; the third one denies", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const request = await addRequest(site.context);
    let page = await enterCode(browser, request.userCode);
    for (const slip of ["", "4", "4 2", "abc"]) {
      page = await browser.submit(page.form(), { number: slip, ...choices.create });
      expect(page.wrong("number")).toContain("two digits");
      expect(page.form().values["number"]).toBe("");
    }
    for (const number of ["41", "43"]) {
      page = await browser.submit(page.form(), { number, ...choices.create });
      expect(page.status).toBe(422);
      expect(page.wrong("number")).toContain("The number is not the one the node shows.");
      expect(page.form().values).toMatchObject({ ...choices.create, number: "" });
    }
    page = await browser.submit(page.form(), { number: "44" });
    expect(page.text).toContain("it was the third wrong one, and the activation is denied");
    expect(page.heading).toBe("The request was denied");
    expect(page.status).toBe(422);
    expect(await requestState(site.context, request.requestId)).toBe("denied");
    expect(await bindings(site.context)).toEqual([]);
  });

  test("is refused field by field, with everything typed still there", async () => {
    const site = await createTestSite();
    await found(site.context, "taken", "Taken");
    const browser = await invite(site, "ada");
    const request = await addRequest(site.context);
    let page = await enterCode(browser, request.userCode);
    const tries = [
      [{ consent: undefined }, "consent", "consent"],
      [{ org_id: "taken" }, "org_id", "This organization ID is taken."],
      [{ org_id: "admin" }, "org_id", "reserved"],
      [{ org_id: "No Good!" }, "org_id", "not an organization ID"],
      [{ org_id: "x".repeat(10_000) }, "org_id", "not an organization ID"],
      [{ org_name: "evil\u202eeman" }, "org_name", "cannot be an organization's name"],
      [{ org_name: "" }, "org_name", "cannot be an organization's name"],
    ] as const;
    for (const [change, field, words] of tries) {
      // Typed once: from then on it stands in the form.
      const number = page.form().values["number"] || request.number;
      page = await browser.submit(page.form(), { number, ...choices.create, ...change });
      expect(page.status).toBeGreaterThanOrEqual(400);
      expect(page.wrong(field)).toContain(words);
      expect(page.form().values).toMatchObject({ organization: "create", number: request.number });
    }
    const done = await browser.submit(page.form(), choices.create);
    expect(done.heading).toBe("The node is activated");
  });

  test("is told everything that is wrong at once, each at its field; the number is not looked at yet", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const request = await addRequest(site.context);
    const asks = await enterCode(browser, request.userCode);
    const creation = { organization: "create", org_name: "", org_id: "admin" };
    const slip = await browser.submit(asks.form(), { number: "4", ...creation });
    expect(slip.status).toBe(422);
    expect(slip.wrong("number")).toBe("The number has two digits. It is shown beside the code.");
    expect(slip.wrong("org_name")).toContain("cannot be an organization's name");
    expect(slip.wrong("org_id")).toContain("reserved");
    expect(slip.wrong("consent")).toContain("consent");
    expect(slip.form().values).toMatchObject({ ...creation, number: "" });
    const wrongNumber = await browser.submit(slip.form(), { number: "41" });
    expect(wrongNumber.html).not.toContain('id="number-wrong"');
    expect(wrongNumber.wrong("org_id")).toContain("reserved");
    expect(wrongNumber.wrong("consent")).toContain("consent");

    const nothing = await browser.submit(asks.form(), {});
    expect(nothing.wrong("number")).toContain("two digits");
    expect(nothing.wrong("organization")).toContain("Choose an organization.");
    for (const [binding_code, words] of [
      ["", "The binding code is missing."],
      ["nobody's", "This binding code is not valid."],
    ] as const) {
      const join = await browser.submit(asks.form(), { organization: "join", binding_code });
      expect(join.wrong("number")).toContain("two digits");
      expect(join.wrong("binding_code")).toContain(words);
    }
    await browser.get("/?lang=zh");
    const chinese = await browser.submit(asks.form(), {});
    expect([chinese.wrong("number"), chinese.wrong("organization")]).toEqual([
      "这个数字应为两位。 它显示在代码旁边。",
      "请选择一个组织。 可以新建、从您的组织中选择，或凭绑定码加入。",
    ]);
    const { wrong_numbers } = await site.context.store.db
      .selectFrom("device_requests")
      .select("wrong_numbers")
      .executeTakeFirstOrThrow();
    expect(wrong_numbers).toBe(0);
  });

  test("on a node that is bound elsewhere never says where", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const request = await addRequest(site.context);
    await browser.submit((await enterCode(browser, request.userCode)).form(), { number: "42", ...choices.create });
    const grace = await invite(site, "grace");
    const again = await addRequest(site.context, { key: request.key });
    const page = await browser.submit((await enterCode(grace, again.userCode)).form(), {});
    expect(page.status).toBe(403);
    const refused = await grace.submit((await enterCode(grace, again.userCode)).form(), {
      number: "42",
      ...choices.create,
      org_id: "planes",
    });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("The node is bound already.");
    expect(refused.text).not.toMatch(/rockets/i);
  });

  test("for a node that accepts one organization only is refused for others", async () => {
    const site = await createTestSite();
    const { code } = await found(site.context, "rockets", "Rockets");
    const browser = await invite(site, "ada");
    const request = await addRequest(site.context, { expected_org: "rockets" });
    let page = await enterCode(browser, request.userCode);
    expect(page.text).not.toMatch(/rockets/i);
    page = await browser.submit(page.form(), { number: "42", ...choices.create, org_id: "planes" });
    expect(page.wrong("organization")).toContain("accepts another organization only");
    const done = await browser.submit(page.form(), { number: "42", organization: "join", binding_code: code });
    expect(done.heading).toBe("The node is activated");
    const second = await addRequest(site.context, { expected_org: "rockets" });
    expect((await enterCode(browser, second.userCode)).text).toContain("you belong to it");
  });

  test("an account that came by a binding code may not create, and is not offered to", async () => {
    const site = await createTestSite();
    const { code } = await found(site.context, "rockets", "Rockets");
    const browser = site.open();
    const form = (await browser.get("/sign-up")).form();
    await browser.submit(form, { login: "joan", name: "Joan", password: "correct horse battery", binding_code: code });
    const request = await addRequest(site.context);
    const page = await enterCode(browser, request.userCode);
    expect(
      page
        .form()
        .fields.filter((field) => field.type === "radio")
        .map((field) => field.value),
    ).toEqual(["use:rockets", "join"]);
    const sent = { ...page.form().values, number: "42", decision: "approve", ...choices.create, org_id: "mine" };
    expect((await browser.post(page.form().action, sent)).wrong("organization")).toContain("may not create");
  });
});

test("somebody whose session ended while deciding signs in and comes back to the code", async () => {
  const site = await createTestSite();
  const browser = await setUp(site);
  const request = await addRequest(site.context);
  const asks = await enterCode(browser, request.userCode);
  browser.cookies.delete("jitnode");
  const page = await browser.submit(asks.form(), { number: request.number, ...choices.create });
  expect(page.path).toBe("/sign-in");
  const back = await browser.submit(page.form(), { login: "ada", password: "correct horse battery" });
  expect(back.path).toBe(`/activate?code=${request.userCode}`);
  expect(await requestState(site.context, request.requestId)).toBe("pending");
});
