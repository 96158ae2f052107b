// The pages of organizations, as a browser without JavaScript goes through them.
import { describe, expect, test } from "vitest";
import { asOrganizationId } from "../../../../src/domain/ids.js";
import { insertMembership } from "../../../../src/control/store/memberships.js";
import type { PageClient, ReadPage } from "../../../e2e/page-client.js";
import { addPerson, addRequest, auditActions } from "../../control-context.js";
import { createTestSite, enterCode, invite, password, setUp, type TestSite } from "../site.js";

const codePattern = /[BCDFGHJKLMNPQRSTVWXZ]{4}(?:-[BCDFGHJKLMNPQRSTVWXZ]{4}){2}-[BCDFGHJKLMNPQRSTVWXZ]/;

async function create(browser: PageClient, id = "rockets", name = "Rockets 火箭"): Promise<ReadPage> {
  const page = await browser.get("/orgs/new");
  return await browser.submit(page.form("/orgs/new"), { org_name: name, org_id: id, consent: "yes" });
}

async function codeOf(browser: PageClient, id = "rockets"): Promise<string> {
  const shown = (await browser.get(`/orgs/${id}?code=shown`)).text;
  return codePattern.exec(shown)?.[0] ?? "no code";
}

async function join(browser: PageClient, code: string): Promise<ReadPage> {
  return await browser.submit((await browser.get("/orgs/join")).form("/orgs/join"), { binding_code: code });
}

/** Ada founded it; Grace belongs to it as a regular member. */
async function organization(): Promise<{ site: TestSite; ada: PageClient; grace: PageClient }> {
  const site = await createTestSite();
  const ada = await setUp(site);
  await create(ada);
  const grace = await invite(site, "grace", "Grace");
  await join(grace, await codeOf(ada));
  return { site, ada, grace };
}

/** A node of the organization, approved by this browser. */
async function addNode(site: TestSite, browser: PageClient, name: string, id = "rockets") {
  const request = await addRequest(site.context, { node_name: name });
  const asks = await enterCode(browser, request.userCode);
  await browser.submit(
    asks.form(`/activate/${request.userCode}`),
    { number: "42", organization: `use:${id}` },
    "Approve",
  );
  return request;
}

const rowOf = (page: ReadPage, name: string): string =>
  page.html
    .split("<li>")
    .slice(1)
    .find((part) => part.includes(`<bdi>${name}</bdi>`)) ?? "";

const removalOf = (page: ReadPage, name: string): string => /href="([^"]*\/remove)"/.exec(rowOf(page, name))?.[1] ?? "";

/** Where the page asks, also of whoever is not offered it. */
const askedRemoval = (page: ReadPage, name: string): string =>
  `/orgs/rockets/members/${/JP_\w+/.exec(rowOf(page, name))?.[0] ?? ""}/remove`;

describe("my organizations", () => {
  test("one is created with name, ID and consent, and is listed with what it holds", async () => {
    const site = await createTestSite();
    const ada = await setUp(site);
    expect(ada.page().text).toContain("You belong to no organization yet.");
    const page = await create(ada);
    expect(page.redirects).toEqual([{ status: 303, location: "/orgs/rockets" }]);
    expect(page.heading).toBe("Rockets 火箭");
    expect(page.text).toContain("The organization was created.");
    expect((await ada.get("/orgs/rockets")).text).not.toContain("The organization was created.");
    const home = await ada.get("/");
    expect(home.links).toContain("/orgs/rockets");
    expect(home.text).toContain("rockets Administrator · 1 member · 0 nodes");
  });

  test("a creation is refused field by field, with everything typed still there; sent twice it is done once", async () => {
    const site = await createTestSite();
    const ada = await setUp(site);
    const page = await ada.get("/orgs/new");
    const typed = { org_name: "Rockets", org_id: "admin", consent: "yes" };
    expect((await ada.submit(page.form("/orgs/new"), { ...typed, consent: undefined })).wrong("consent")).toContain(
      "consent",
    );
    const reserved = await ada.submit(page.form("/orgs/new"), typed);
    expect([reserved.status, reserved.wrong("org_id")]).toEqual([
      422,
      "This organization ID is reserved. Choose another one.",
    ]);
    expect(reserved.form("/orgs/new").values).toMatchObject({ org_name: "Rockets", org_id: "admin", consent: "yes" });
    const form = reserved.form("/orgs/new");
    const both = [await ada.submit(form, { org_id: "rockets" }), await ada.submit(form, { org_id: "rockets" })];
    expect(both.map(({ path }) => path)).toEqual(["/orgs/rockets", "/orgs/rockets"]);
    expect((await create(await invite(site, "grace"))).wrong("org_id")).toContain("taken");
  });

  test("everything that is wrong of a creation is told at once, each at its field", async () => {
    const site = await createTestSite();
    const ada = await setUp(site);
    const page = await ada.submit((await ada.get("/orgs/new")).form("/orgs/new"), { org_name: "", org_id: "No Good!" });
    expect(page.status).toBe(422);
    expect(page.wrong("org_name")).toContain("cannot be an organization's name");
    expect(page.wrong("org_id")).toContain("not an organization ID");
    expect(page.wrong("consent")).toContain("consent");
    // The cursor stands in the first of them.
    expect(page.html.match(/<input[^>]* autofocus/g)).toEqual([expect.stringContaining('name="org_name"')]);
  });

  test("somebody who may not create is told so, and how to join", async () => {
    const { site, ada } = await organization();
    const mary = site.open();
    const signUp = await mary.get("/sign-up");
    const code = await codeOf(ada);
    await mary.submit(signUp.form("/sign-up"), { login: "mary", name: "Mary", password, binding_code: code });
    expect((await mary.get("/orgs/new")).text).toContain("This account may not create organizations here.");
    expect(mary.page().forms.map(({ action }) => action)).toEqual(["/sign-out"]);
    expect((await mary.get("/")).links).not.toContain("/orgs/new");
    const csrf = mary.page().form("/sign-out").values["csrf"] ?? "";
    const forced = await mary.post("/orgs/new", {
      csrf,
      key: "k".repeat(24),
      consent: "yes",
      org_id: "mine",
      org_name: "Mine",
      agreement: "x".repeat(64),
    });
    expect(forced.status).toBe(403);
  });

  test("one is joined by its code; wrong, empty and refreshed codes are refused, five of them for a while", async () => {
    const { site, ada } = await organization();
    const old = await codeOf(ada);
    const mary = await invite(site, "mary");
    expect((await join(mary, "")).wrong("binding_code")).toContain("missing");
    await ada.submit((await ada.get("/orgs/rockets/code/refresh")).form("/orgs/rockets/code/refresh"));
    expect((await join(mary, old)).wrong("binding_code")).toContain("not valid");
    const joined = await join(mary, (await codeOf(ada)).toLowerCase().replaceAll("-", " "));
    expect([joined.path, joined.heading]).toEqual(["/orgs/rockets", "Rockets 火箭"]);
    expect(joined.text).toContain("Your role Member");
    const guesser = await invite(site, "guesser");
    const statuses = [];
    for (let tries = 0; tries < 6; tries += 1) statuses.push((await join(guesser, old)).status);
    expect(statuses).toEqual([422, 422, 422, 422, 422, 429]);
  });
});

describe("the binding code", () => {
  test("is hidden until asked for, and shown with its QR code", async () => {
    const { ada } = await organization();
    const hidden = await ada.get("/orgs/rockets");
    expect(hidden.html).not.toMatch(codePattern);
    expect(hidden.links).toContain("/orgs/rockets?code=shown");
    const shown = await ada.get("/orgs/rockets?code=shown");
    expect(shown.text).toMatch(codePattern);
    expect(shown.html).toContain('role="img" aria-label="The binding code as a QR code"');
    expect(shown.text).toContain("Refresh it after each invitation");
  });

  test("is refreshed by any member after asking once more; the form sent twice refreshes once", async () => {
    const { site, ada, grace } = await organization();
    const before = await codeOf(ada);
    const asked = await grace.get("/orgs/rockets/code/refresh");
    expect(asked.heading).toBe("Refresh the binding code?");
    const form = asked.form("/orgs/rockets/code/refresh");
    const after = await grace.submit(form);
    expect(after.redirects).toEqual([{ status: 303, location: "/orgs/rockets?code=shown" }]);
    expect(after.text).toContain("The binding code was refreshed. The old one no longer works.");
    const code = await codeOf(ada);
    expect(code).not.toBe(before);
    await grace.submit(form);
    expect(await codeOf(ada)).toBe(code);
    const actions = await auditActions(site.context, "rockets");
    expect(actions.filter((action) => action === "org.code_refreshed")).toHaveLength(1);
  });

  test("refreshed sixty times an hour by one person, it says on the asking page when to go on", async () => {
    const { site, grace } = await organization();
    const before = await codeOf(grace);
    const accountId = /JP_\w+/.exec((await grace.get("/account")).text)?.[0] ?? "";
    const subject = { accountId, address: "127.0.0.1" };
    for (let count = 0; count < 60; count += 1) await site.context.limits.count("code_refresh", subject);
    const asked = await grace.get("/orgs/rockets/code/refresh");
    const refused = await grace.submit(asked.form("/orgs/rockets/code/refresh"));
    expect([refused.status, refused.heading]).toEqual([429, "Refresh the binding code?"]);
    expect(refused.text).toContain("Try again in 60 minutes.");
    expect(await codeOf(grace)).toBe(before);
  });
});

describe("members", () => {
  test("are listed with role, how and when they joined, and found by part of their name in any case", async () => {
    const { site, ada } = await organization();
    const rockets = asOrganizationId("rockets");
    for (const name of ["Ärger 100%", "王小明", "o'Brien_x"]) {
      const person = await addPerson(site.context, { name });
      const row = {
        org_id: rockets ?? "",
        account_id: person.accountId,
        role: "member",
        joined_at: 1,
        joined_by: "code",
      } as const;
      await site.context.store.transaction((tx) => insertMembership(tx, row));
    }
    const all = await ada.get("/orgs/rockets/members");
    expect(all.text).toMatch(/ada You Administrator Created the organization · /);
    expect(all.text).toMatch(/Grace Member Joined by binding code · /);
    const found = async (q: string): Promise<readonly string[]> => {
      const { html } = await ada.submit(all.form("/orgs/rockets/members"), { q });
      return [...html.matchAll(/<p class="row-title">\s*<strong><bdi>([^<]*)/g)].map((match) => match[1] ?? "");
    };
    expect(await found("GRA")).toEqual(["Grace"]);
    expect(await found("小明")).toEqual(["王小明"]);
    expect(await found("Ärger")).toEqual(["Ärger 100%"]);
    expect(await found("100%")).toEqual(["Ärger 100%"]);
    expect(await found("_")).toEqual(["o&#39;Brien_x"]);
    expect(await found("%")).toEqual(["Ärger 100%"]);
    expect(await found("nobody")).toEqual([]);
    expect(ada.page().text).toContain("Nothing found");
  });

  test("come in pages", async () => {
    const { site, ada } = await organization();
    for (let count = 0; count < 30; count += 1) {
      const person = await addPerson(site.context, { name: `Member ${String(count).padStart(2, "0")}` });
      await site.context.store.transaction((tx) =>
        insertMembership(tx, {
          org_id: "rockets",
          account_id: person.accountId,
          role: "member",
          joined_at: 1,
          joined_by: "code",
        }),
      );
    }
    const first = await ada.get("/orgs/rockets/members?q=Member");
    expect(first.html.match(/class="row-title"/g)).toHaveLength(25);
    const second = await ada.get((first.links.find((link) => link.includes("page=2")) ?? "").replace("&amp;", "&"));
    expect(second.html.match(/class="row-title"/g)).toHaveLength(5);
    expect(second.text).toContain("Page 2");
    for (const page of ["0", "-1", "x", "99999999999999999999", "1e3"]) {
      expect((await ada.get(`/orgs/rockets/members?page=${page}`)).status).toBe(200);
    }
  });

  test("are removed by administrators after asking once more; the code they knew is dead", async () => {
    const { ada, grace, site } = await organization();
    const before = await codeOf(ada);
    const list = await ada.get("/orgs/rockets/members");
    const ask = await ada.get(removalOf(list, "Grace"));
    expect(ask.heading).toBe("Remove Grace?");
    expect(ask.text).toContain("The binding code is refreshed, since they know it.");
    const form = ask.form(ask.path);
    const after = await ada.submit(form);
    expect(after.text).toContain("The member was removed, and the binding code was refreshed");
    expect(after.text).not.toContain("Grace");
    expect(await codeOf(ada)).not.toBe(before);
    expect((await ada.submit(form)).text).toContain("They are no longer a member.");
    expect(await auditActions(site.context, "rockets")).toEqual([
      "org.created",
      "member.joined",
      "member.removed",
      "org.code_refreshed",
    ]);
    expect((await join(grace, before)).wrong("binding_code")).toContain("not valid");
  });

  test("a regular member is offered no removal, and refused one", async () => {
    const { ada, grace } = await organization();
    const list = await grace.get("/orgs/rockets/members");
    expect(list.links.filter((link) => link.endsWith("/remove"))).toEqual([]);
    const path = askedRemoval(await ada.get("/orgs/rockets/members"), "ada");
    expect((await grace.get(path)).status).toBe(403);
    const csrf = list.form("/sign-out").values["csrf"] ?? "";
    const refused = await grace.post(path, { csrf });
    expect([refused.status, refused.text.includes("Only an administrator")]).toEqual([403, true]);
    expect((await grace.get("/orgs/rockets")).status).toBe(200);
  });

  test("the last administrator is told why they cannot leave, and is refused it", async () => {
    const { ada } = await organization();
    const list = await ada.get("/orgs/rockets/members");
    expect(removalOf(list, "ada")).toBe("");
    expect(list.text).toContain("An organization keeps at least one administrator, so you cannot leave.");
    expect((await ada.get("/orgs/rockets/members?lang=zh")).text).toContain(
      "组织至少要保留一名管理员，因此您不能退出。",
    );
    const ask = await ada.get(`${askedRemoval(list, "ada")}?lang=en`);
    expect(ask.heading).toBe("Leave the organization?");
    const refused = await ada.submit(ask.form(ask.path));
    expect([refused.status, refused.heading]).toEqual([409, "Leave the organization?"]);
    expect(refused.text).toContain("An organization keeps at least one administrator.");
  });

  test("somebody removed while a page is open is told so plainly by the next thing they do", async () => {
    const { ada, grace } = await organization();
    const refresh = (await grace.get("/orgs/rockets/code/refresh")).form("/orgs/rockets/code/refresh");
    const stranger = await grace.get("/orgs/never-was");
    const ask = await ada.get(removalOf(await ada.get("/orgs/rockets/members"), "Grace"));
    await ada.submit(ask.form(ask.path));
    const code = await codeOf(ada);
    const told = await grace.submit(refresh);
    expect([told.status, told.heading]).toEqual([404, "You are no longer a member of rockets."]);
    expect(await codeOf(ada)).toBe(code);
    for (const path of ["", "?code=shown", "/members", "/nodes", "/activity", "/code/refresh"]) {
      expect((await grace.get(`/orgs/rockets${path}`)).heading).toBe("You are no longer a member of rockets.");
      expect(grace.page().html).not.toContain("Rockets");
    }
    expect(stranger.heading).toBe("There is no such organization, or you do not belong to it.");
  });

  test("whoever has left is not told that somebody removed them", async () => {
    const { site, ada, grace } = await organization();
    await ada.submit((await ada.get(removalOf(await ada.get("/orgs/rockets/members"), "Grace"))).form());
    expect((await grace.get("/orgs/rockets")).text).toContain("An administrator removed you.");
    await join(grace, await codeOf(ada));
    await site.context.store.db.updateTable("memberships").set({ role: "administrator" }).execute();
    const list = await grace.get("/orgs/rockets/members");
    expect(list.text).toContain("Leave Rockets 火箭");
    expect(list.text).not.toContain("so you cannot leave");
    const ask = await grace.get(removalOf(list, "Grace"));
    await grace.submit(ask.form(ask.path));
    const gone = await grace.get("/orgs/rockets");
    expect([gone.status, gone.heading]).toEqual([404, "You are no longer a member of rockets."]);
    expect(gone.text).toContain("You left it.");
    expect(gone.text).not.toContain("removed you");
  });

  test("to somebody who never belonged to it an organization looks as if there were none", async () => {
    const { site } = await organization();
    const mary = await invite(site, "mary");
    for (const path of ["", "/members", "/nodes", "/activity", "/code/refresh", "/nodes/JN_x/unbind", "/events"]) {
      const real = await mary.get(`/orgs/rockets${path}`);
      const made = await mary.get(`/orgs/submarines${path}`);
      expect([path, real.status]).toEqual([path, 404]);
      expect(real.text.replaceAll("rockets", "submarines")).toBe(made.text);
    }
  });
});

describe("nodes", () => {
  test("are listed with state, version and who activated them, and unbound by administrators", async () => {
    const { site, ada, grace } = await organization();
    const none = await ada.get("/orgs/rockets/nodes");
    expect(none.text).toContain("No nodes yet");
    expect(none.links).toContain("/activate");
    expect(none.html).not.toContain('role="search"');
    const node = await addNode(site, grace, "builder 节点");
    const list = await ada.get("/orgs/rockets/nodes");
    expect(list.text).toMatch(/builder 节点 Never connected Version 0\.1\.0 · linux Activated by Grace · /);
    expect((await grace.get("/orgs/rockets/nodes")).links.filter((link) => link.endsWith("/unbind"))).toEqual([]);
    const path = `/orgs/rockets/nodes/${node.nodeId}/unbind`;
    expect((await grace.get(path)).status).toBe(403);
    const csrf = grace.page().form("/sign-out").values["csrf"] ?? "";
    expect((await grace.post(path, { csrf })).status).toBe(403);
    const ask = await ada.get(path);
    expect(ask.heading).toBe("Unbind builder 节点?");
    const after = await ada.submit(ask.form(path));
    expect(after.text).toContain("The node was unbound.");
    expect(after.text).toContain("No nodes yet");
    expect((await ada.get(path)).status).toBe(404);
    const found = await ada.get("/orgs/rockets/nodes?q=builder");
    expect(found.text).toContain("Nothing found");
    expect(found.html).toContain('role="search"');
  });
});

test("what happened is told in words, newest first, with addresses for administrators only", async () => {
  const { site, ada, grace } = await organization();
  const node = await addNode(site, grace, "builder");
  await ada.submit(
    (await ada.get(`/orgs/rockets/nodes/${node.nodeId}/unbind`)).form(`/orgs/rockets/nodes/${node.nodeId}/unbind`),
  );
  const told = (page: ReadPage): readonly string[] =>
    [...page.html.matchAll(/<li>\s*<p>([\s\S]*?)<\/p>/g)].map((match) => (match[1] ?? "").replaceAll(/<[^>]*>/g, ""));
  const seen = await grace.get("/orgs/rockets/activity");
  expect(told(seen)).toEqual(
    [
      "ada unbound the node builder",

      "You activated the node builder",
      "You joined by binding code",
      "ada created the organization",
    ].map((words) => expect.stringContaining(words) as string),
  );
  expect(seen.text).not.toContain("from 127.0.0.1");
  expect((await ada.get("/orgs/rockets/activity")).text).toContain("from 127.0.0.1");
  for (let count = 0; count < 31; count += 1) {
    await ada.submit((await ada.get("/orgs/rockets/code/refresh")).form("/orgs/rockets/code/refresh"));
  }
  const first = await ada.get("/orgs/rockets/activity");
  expect(told(first)).toHaveLength(30);
  const older = await ada.get(first.links.find((link) => link.includes("after=")) ?? "");
  expect(told(older)).toHaveLength(5);
  expect(told(older).at(-1)).toContain("You created the organization");
});

test("every form of these pages wants the token of its session", async () => {
  const { site, ada, grace } = await organization();
  const node = await addNode(site, ada, "builder");
  const foreign = (await grace.get("/")).form("/sign-out").values["csrf"] ?? "";
  const paths = [
    "/orgs/new",
    "/orgs/join",
    "/orgs/rockets/code/refresh",
    removalOf(await ada.get("/orgs/rockets/members"), "Grace"),
    `/orgs/rockets/nodes/${node.nodeId}/unbind`,
    "/account/sign-out-everywhere",
    "/account/sessions/x/end",
    "/account/sign-ins/x/unlink",
  ];
  for (const path of paths) {
    for (const csrf of ["", "wrong", foreign])
      expect([path, (await ada.post(path, { csrf })).status]).toEqual([path, 403]);
    expect((await site.open().post(path, { csrf: foreign })).path).toBe("/sign-in");
  }
  expect((await ada.get("/orgs/rockets/members")).text).toContain("Grace");
});

test("names are text, whatever is in them", async () => {
  const site = await createTestSite();
  const ada = await setUp(site);
  const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
  await create(ada, "rockets", hostile);
  const rtl = "abc \u05d0\u05d1\u05d2";
  const mallory = await invite(site, "mallory", rtl);
  await join(mallory, await codeOf(ada));
  const node = await addNode(site, ada, "builder");
  // As a row that an older version may have left.
  await site.context.store.db
    .updateTable("nodes")
    .set({ name: "\u001b[2J\u202enode<b>" })
    .where("id", "=", node.nodeId)
    .execute();
  for (const path of ["/", "/orgs/rockets", "/orgs/rockets/members", "/orgs/rockets/nodes", "/orgs/rockets/activity"]) {
    const page = await ada.get(path);
    expect(page.html).not.toMatch(/<script>|<img|<b>|\u001b|\u202e|onerror=alert\(2\)>/);
    if (path !== "/") expect(page.heading).toBe(hostile);
  }
  expect((await ada.get("/orgs/rockets/nodes")).text).toContain("\\u{1b}[2J\\u{202e}node<b>");
  expect((await ada.get("/orgs/rockets/members")).html).toContain(`<bdi>${rtl}</bdi>`);
});

test("somebody whose session ended comes back to the page of the organization after signing in", async () => {
  const { ada } = await organization();
  await ada.get("/orgs/rockets/nodes");
  ada.cookies.delete("jitnode");
  const page = await ada.get("/orgs/rockets/nodes");
  expect(page.path).toBe("/sign-in");
  const after = await ada.submit(page.form("/sign-in"), { login: "ada", password });
  expect([after.path, after.heading]).toEqual(["/orgs/rockets", "Rockets 火箭"]);
});

test("every page of an organization runs its one script and nothing else, and is framed and kept by nobody", async () => {
  const { site, ada } = await organization();
  const scripted =
    /^default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/;
  for (const path of ["", "?code=shown", "/members", "/nodes", "/activity", "/code/refresh"]) {
    const page = await ada.get(`/orgs/rockets${path}`);
    const live = path !== "/code/refresh";
    const policy = page.headers.get("content-security-policy") ?? "";
    expect([path, scripted.test(policy), policy.includes("script-src")]).toEqual([path, live, live]);
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.html.match(/<script\b[^>]*>/g) ?? []).toEqual(
      live ? [expect.stringMatching(/^<script src="\/assets\/live-[0-9a-f]{16}\.js" defer>$/)] : [],
    );
    expect(page.html).not.toMatch(/<script[^>]*>[^<]|\son[a-z]+=|style="|javascript:/i);
    expect(Buffer.byteLength(page.html)).toBeLessThan(30_000);
    expect(new Set(page.html.match(/ id="[^"]*"/g)).size).toBe(page.html.match(/ id="[^"]*"/g)?.length);
  }
  const src = /src="([^"]*)"/.exec((await ada.get("/orgs/rockets")).html)?.[1] ?? "";
  const script = await fetch(`${site.url}${src}`);
  expect([script.status, script.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
  expect((await fetch(`${site.url}/orgs/rockets/events`, { method: "HEAD" })).status).not.toBe(200);
});
