// What pages refuse: forged forms, framing, planted sessions, redirects elsewhere, markup in names.
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { createOrganizations } from "../../../../src/control/services/organizations.js";
import { createControlApp } from "../../../../src/control/http/server.js";
import { createSetupLink } from "../../../../src/control/services/links.js";
import { scriptPath } from "../../../../src/control/web/script.js";
import { webRoutes } from "../../../../src/control/web/index.js";
import { createPageClient, filledIn, type PageClient } from "../../../e2e/page-client.js";
import { onEnd } from "../../../support/cleanup.js";
import { addPerson, addRequest, createTestContext, once } from "../../control-context.js";
import { createTestSite, enterCode, invite, password, pathOf, setUp, type TestSite } from "../site.js";

const credentials = { login: "ada", password };

/** Whether the browser is signed in. */
const isIn = async (browser: PageClient): Promise<boolean> => (await browser.get("/")).path === "/";

describe("forms", () => {
  test("without a token, with a wrong one, or with the one of another browser are refused", async () => {
    const site = await createTestSite();
    await setUp(site);
    const other = site.open();
    const foreign = (await other.get("/sign-in")).form().values["csrf"] ?? "";
    const browser = site.open();
    await browser.get("/sign-in");
    for (const csrf of [undefined, "", "wrong", foreign]) {
      const page = await browser.post("/sign-in", { ...credentials, ...(csrf === undefined ? {} : { csrf }) });
      expect(page.status).toBe(403);
      expect(page.text).toContain("csrf_invalid");
    }
    expect(await isIn(browser)).toBe(false);
    expect((await site.open().post("/sign-in", { ...credentials, csrf: foreign })).status).toBe(403);
  });

  test("of a signed-in person take the token of that session only", async () => {
    const site = await createTestSite();
    const ada = await setUp(site);
    const grace = await invite(site, "grace");
    const foreign = grace.page().form("/sign-out").values["csrf"] ?? "";
    for (const csrf of ["", "wrong", foreign, ada.cookies.get("jitnode") ?? ""]) {
      for (const path of ["/sign-out", "/activate", "/activate/BCDF-GHJK"]) {
        expect((await ada.post(path, { csrf, decision: "approve" })).status).toBe(403);
      }
    }
    expect(await isIn(ada)).toBe(true);
  });

  test("sent from another origin are refused even with the right token", async () => {
    const site = await createTestSite();
    await setUp(site);
    const tries: readonly [Readonly<Record<string, string>>, boolean][] = [
      [{ "sec-fetch-site": "cross-site" }, false],
      [{ "sec-fetch-site": "same-site" }, false],
      [{ origin: "https://evil.example" }, false],
      [{ origin: site.url.replace("127.0.0.1", "localhost") }, false],
      [{ origin: site.url }, true],
      [{}, true],
      [{ "sec-fetch-site": "same-origin", origin: "null" }, true],
    ];
    for (const [headers, accepted] of tries) {
      const browser = createPageClient(site.url, { fetchMetadata: false });
      const sent = filledIn((await browser.get("/sign-in")).form(), credentials);
      await browser.post("/sign-in", sent, headers);
      expect([headers, await isIn(browser)]).toEqual([headers, accepted]);
    }
  });

  test("are read as forms only, each field once, and not at any size", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const csrf = browser.page().form("/sign-out").values["csrf"] ?? "";
    const send = async (type: string, body: string): Promise<number> =>
      (
        await fetch(`${site.url}/activate`, {
          method: "POST",
          headers: { "content-type": type, cookie: `jitnode=${browser.cookies.get("jitnode") ?? ""}` },
          body,
          redirect: "manual",
        })
      ).status;
    const form = "application/x-www-form-urlencoded";
    expect(await send("application/json", JSON.stringify({ csrf, code: "BCDF-GHJK" }))).toBe(415);
    expect(await send(form, `csrf=${csrf}&code=BCDF-GHJK&code=LMNP-QRST`)).toBe(400);
    expect(await send(form, `csrf=${csrf}&code=${"B".repeat(100_000)}`)).toBe(413);
    expect(await send(form, `csrf=${csrf}&code=BCDF-GHJK`)).toBe(303);
  });
});

describe("a form that was refused", () => {
  const wanted = { org_name: "Boats 船", org_id: "Not an ID", consent: "yes" };
  const create = async (browser: PageClient) =>
    await browser.submit((await browser.get("/orgs/new")).form("/orgs/new"), wanted);
  const shown = (browser: PageClient) => {
    const { status } = browser.page();
    return [status, browser.page().form("/orgs/new").values["org_name"]];
  };

  test("is shown again by a GET, as often as it is asked for, and in the address is nothing of it", async () => {
    const site = await createTestSite();
    const ada = await setUp(site);
    const page = await create(ada);
    expect(page.redirects.map(({ status }) => status)).toEqual([303]);
    expect(page.path).toMatch(/^\/orgs\/new\?again=[A-Za-z0-9_-]{12}$/);
    for (let time = 0; time < 2; time += 1) {
      expect([(await ada.get(page.path)).status, ...shown(ada)]).toEqual([422, 422, "Boats 船"]);
      expect(ada.page().wrong("org_id")).toContain("not an organization ID");
    }
    expect(ada.received.findLast((header) => header.startsWith("jitnode-again="))).toMatch(
      /^jitnode-again=[A-Za-z0-9._-]{50,3900}; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    // At another address, and with another key, there is the form alone.
    expect((await ada.get(page.path.replace("/orgs/new", "/orgs/join"))).status).toBe(200);
    expect([(await ada.get("/orgs/new?again=AAAAAAAAAAAA")).status, ...shown(ada)]).toEqual([200, 200, ""]);
    expect((await ada.get("/orgs/new")).status).toBe(200);
    // Once a form was taken, what was wrong before is over.
    await ada.submit(ada.page().form("/orgs/new"), { ...wanted, org_id: "boats" });
    expect([(await ada.get(page.path)).status, ...shown(ada)]).toEqual([200, 200, ""]);
  });

  test("is shown to nobody else, whoever has the cookie, and not where it was changed", async () => {
    const site = await createTestSite();
    const ada = await setUp(site);
    const grace = await invite(site, "grace");
    const { path } = await create(ada);
    const sealed = ada.cookies.get("jitnode-again") ?? "";
    grace.cookies.set("jitnode-again", sealed);
    expect([(await grace.get(path)).status, ...shown(grace)]).toEqual([200, 200, ""]);
    ada.cookies.set(
      "jitnode-again",
      sealed.replace(/.(?=.{9}$)/, (letter) => (letter === "A" ? "B" : "A")),
    );
    expect([(await ada.get(path)).status, ...shown(ada)]).toEqual([200, 200, ""]);
    ada.cookies.set("jitnode-again", sealed);
    expect((await ada.get(path)).status).toBe(422);
    await ada.submit(ada.page().form("/sign-out"));
    expect(ada.cookies.has("jitnode-again")).toBe(false);
  });

  test("keeps what fits into a cookie, and no password or binding code", async () => {
    const site = await createTestSite({ signup: "code" });
    await setUp(site);
    const browser = site.open();
    const form = (await browser.get("/sign-up")).form();
    const typed = { login: "Grace!", name: "船".repeat(5000), password, binding_code: "BCDF-GHJK-LMNP-Q" };
    const page = await browser.submit(form, typed);
    expect(page.status).toBe(422);
    const { login, name, password: secret, binding_code: code } = page.form().values;
    expect([login, name, secret, code]).toEqual(["Grace!", "船".repeat(400), "", ""]);
    expect(browser.cookies.get("jitnode-again")?.length).toBeLessThan(3900);
  });

  test("says how long to wait, until that is over", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = site.open();
    let page = await browser.get("/sign-in");
    for (let attempt = 0; attempt < 7; attempt += 1) {
      page = await browser.submit(page.form(), { login: "ada", password: "not the password" });
    }
    const wait = () => Math.round(Number(browser.page().headers.get("retry-after")) / 60);
    expect([page.status, wait()]).toEqual([429, 15]);
    site.context.advance(600_000);
    expect([(await browser.get(page.path)).status, wait()]).toEqual([429, 5]);
    site.context.advance(301_000);
    expect([(await browser.get(page.path)).status, browser.page().form().values["login"]]).toEqual([200, "ada"]);
  });
});

describe("the session", () => {
  test("has a cookie that scripts and other sites cannot use", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const header = browser.received.find((received) => received.startsWith("jitnode="));
    expect(header).toMatch(/^jitnode=[A-Za-z0-9_-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
    const stored = await site.context.store.db.selectFrom("browser_sessions").selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(stored)).not.toContain(browser.cookies.get("jitnode"));
  });

  test("has a __Host- cookie with Secure where the public URL is https", async () => {
    const context = await createTestContext("sqlite", { publicUrl: "https://control.example.com" });
    const { app } = createControlApp(context, webRoutes);
    onEnd(() => app.close());
    await app.listen({ host: "127.0.0.1", port: 0 });
    const address = app.server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const browser = createPageClient(`http://127.0.0.1:${String(address.port)}`);
    const page = await browser.get(pathOf(await createSetupLink(context)));
    await browser.submit(page.form(), { login: "ada", name: "Ada", password });
    expect(browser.page().heading).toBe("Hello, Ada");
    for (const cookie of browser.received)
      expect(cookie).toMatch(/^__Host-jitnode[a-z-]*=.*; Path=\/;.* HttpOnly; Secure; SameSite=Lax$/);
    expect(browser.page().headers.get("strict-transport-security")).toMatch(/^max-age=/);
  });

  test("gets a new id at every sign-in: one that was planted never becomes signed in", async () => {
    const site = await createTestSite();
    const first = await setUp(site);
    const planted = ["a".repeat(43), first.cookies.get("jitnode") ?? ""];
    await first.submit(first.page().form("/sign-out"));
    for (const id of planted) {
      const victim = site.open();
      victim.cookies.set("jitnode", id);
      await victim.submit((await victim.get("/sign-in")).form(), credentials);
      expect(await isIn(victim)).toBe(true);
      expect(victim.cookies.get("jitnode")).not.toBe(id);
      const attacker = site.open();
      attacker.cookies.set("jitnode", id);
      expect(await isIn(attacker)).toBe(false);
    }
  });

  test("is no way into the API, and a token none into the pages", async () => {
    const site = await createTestSite();
    const browser = await setUp(site);
    const cookie = `jitnode=${browser.cookies.get("jitnode") ?? ""}`;
    expect((await fetch(`${site.url}/v1/me`, { headers: { cookie } })).status).not.toBe(200);
    const headers = { authorization: `Bearer ${browser.cookies.get("jitnode") ?? ""}` };
    expect((await fetch(`${site.url}/`, { headers, redirect: "manual" })).headers.get("location")).toBe("/sign-in");
  });
});

describe("after signing in", () => {
  test("the person is where they were going, with the code they came with", async () => {
    const site = await createTestSite();
    await setUp(site);
    const browser = site.open();
    const page = await browser.get("/activate?code=bcdf-ghjk");
    expect(page.path).toBe("/sign-in");
    expect(page.text).toContain("to go on with the activation");
    const after = await browser.submit(page.form(), credentials);
    expect(after.path).toBe("/activate?code=BCDF-GHJK");
    expect(after.form().values["code"]).toBe("bcdf-ghjk".toUpperCase());
  });

  test("no place but our own is ever gone to", async () => {
    const site = await createTestSite();
    await setUp(site);
    const places = [
      "https://evil.example/",
      "//evil.example/activate",
      "/\\evil.example",
      "/activate?code=//evil.example",
      "/activate/../..//evil.example",
      "/sign-out",
      "javascript:alert(1)",
      "/activate\r\nLocation: https://evil.example",
    ];
    for (const place of places) {
      const browser = site.open();
      await browser.get("/sign-in");
      browser.cookies.set("jitnode-next", place);
      const page = await browser.submit(browser.page().form(), credentials);
      expect(page.redirects).toEqual([{ status: 303, location: "/" }]);
      const typed = await browser.get(`/activate?code=${encodeURIComponent(place)}`);
      expect(typed.redirects).toEqual([]);
      const asked = await site
        .open()
        .get(`/sign-in?next=${encodeURIComponent(place)}&return=${encodeURIComponent(place)}`);
      expect(asked.path).toMatch(/^\/sign-in/);
    }
  });
});

async function everyPage(
  site: TestSite,
): Promise<readonly (readonly [string, Awaited<ReturnType<PageClient["get"]>>])[]> {
  const browser = await setUp(site);
  const request = await addRequest(site.context);
  const nobody = site.open();
  const pages = [];
  for (const path of ["/sign-in", "/sign-up", "/agreement", "/set-up/x", "/invitation/x", "/reset/x"]) {
    pages.push([path, await nobody.get(path)] as const);
  }
  for (const path of ["/", "/activate", "/activate?code=BCDF-GHJK", "/sign-out"])
    pages.push([path, await browser.get(path)] as const);
  pages.push(["what asks", await enterCode(browser, request.userCode)] as const);
  pages.push(["denied", await browser.submit(browser.page().form(), {}, "Deny")] as const);
  pages.push(["unknown code", await enterCode(browser, "BCDF-GHJK")] as const);
  return pages;
}

test("every page runs nothing, is framed by nobody, is kept by nobody, and is small", async () => {
  const site = await createTestSite();
  for (const [name, page] of await everyPage(site)) {
    expect([name, page.headers.get("content-security-policy")]).toEqual([
      name,
      expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      ),
    ]);
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.html).not.toMatch(/<script|\son[a-z]+=|style="|javascript:/i);
    expect([name, page.html.match(/<h1\b/g)]).toHaveLength(2);
    expect([name, page.html.match(/<h1\b/g)?.length]).toEqual([name, 1]);
    expect(Buffer.byteLength(page.html)).toBeLessThan(30_000);
    expect(new Set(page.html.match(/ id="[^"]*"/g)).size).toBe(page.html.match(/ id="[^"]*"/g)?.length);
    for (const [, label] of page.html.matchAll(/aria-describedby="([^"]*)"/g)) {
      for (const id of label?.split(" ") ?? []) expect(page.html).toContain(` id="${id}"`);
    }
  }
});

test("whatever a browser is answered is strict: page or not, there or not, ours or its fault", async () => {
  const site = await createTestSite({ publicUrl: "https://control.example" });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(site.url + path, { redirect: "manual", ...init, headers: { accept: "text/html", ...init.headers } });
  const send = (body: string, type = "application/x-www-form-urlencoded"): Promise<Response> =>
    ask("/sign-in", { method: "POST", body, headers: { "content-type": type } });
  /** To somebody whose session cannot be looked up. */
  const fail = async (): Promise<Response> => {
    await sql`alter table browser_sessions rename to elsewhere`.execute(site.context.store.db);
    return ask("/", { headers: { cookie: `__Host-jitnode=${"A".repeat(43)}` } });
  };
  const answers: Readonly<Record<string, readonly [status: number, answer: Response]>> = {
    "a page": [200, await ask("/sign-in")],
    "only its head": [200, await ask("/sign-in", { method: "HEAD" })],
    "the way to another page": [303, await ask("/account")],
    "another language": [303, await ask("/sign-in?lang=zh")],
    "the icon": [200, await ask("/assets/icon.svg")],
    "the script": [200, await ask(scriptPath)],
    "no page": [404, await ask("/nothing")],
    "no link any more": [410, await ask("/invitation/none")],
    "no such method": [405, await ask("/sign-in", { method: "PUT" })],
    "a forged form": [403, await send("login=ada")],
    "no form": [415, await send("login=ada", "text/plain")],
    "a form that is too large": [413, await send("x".repeat(100_000))],
    "an address that cannot be decoded": [400, await ask("/%zz")],
    "a fault of ours": [500, await fail()],
  };
  for (const [name, [status, answer]] of Object.entries(answers)) {
    const headers = Object.fromEntries(answer.headers);
    const type = headers["content-type"] ?? "";
    expect({ name, status: answer.status, ...headers }).toMatchObject({
      name,
      status,
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "strict-transport-security": "max-age=31536000",
      "x-request-id": expect.stringMatching(/^[\w-]{16}$/),
      "cache-control": /svg|javascript/.test(type) ? expect.stringMatching(/^public, max-age=/) : "no-store",
      "content-security-policy": expect.stringMatching(
        /^default-src 'none';(?=.* form-action ).* frame-ancestors 'none'; base-uri 'none'/,
      ),
      ...(type.startsWith("text/html") && { "permissions-policy": expect.stringContaining("camera=()") }),
    });
  }
});

test("names are text, whatever is in them", async () => {
  const site = await createTestSite();
  await setUp(site);
  const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&lt;`;
  const browser = await invite(site, "mallory", hostile);
  const page = browser.page();
  expect(page.heading).toBe(`Hello, ${hostile}`);
  expect(page.html).not.toMatch(/<script|<img/);

  const founder = await addPerson(site.context);
  const organizations = createOrganizations(site.context);
  const input = { id: "bobby", name: "<b>Bobby</b> & <i>Tables</i>", agreement: organizations.agreement.version };
  await organizations.create(founder, input, once());
  const request = await addRequest(site.context, {
    node_name: "<svg onload=alert(3)>",
    node_version: `1"><script>alert(4)</script>`,
    node_os: "\u001b[2Jlinux\u202e",
  });
  const asks = await enterCode(browser, request.userCode);
  expect(asks.text).toContain("<svg onload=alert(3)>");
  expect(asks.html).not.toMatch(/<svg onload|<script|\u001b|\u202e/);
  expect(asks.text).toContain("\\u{1b}[2Jlinux\\u{202e}");

  const terminal = await addRequest(site.context, {
    client_id: "jitnode-cli",
    scope: "people",
    agent: "<script>alert(5)</script>\u001b]0;x\u0007",
    org_hint: "nobody-here",
  });
  const asked = await enterCode(browser, terminal.userCode);
  expect(asked.text).toContain("<script>alert(5)</script>");
  expect(asked.html).not.toMatch(/<script|\u001b|\u0007/);

  const error = await browser.get("/%3Cscript%3Ealert(6)%3C/script%3E");
  expect(error.html).not.toContain("<script>alert(6)");
});

test("a link's address that is no link's leads nowhere else, and is no error of ours", async () => {
  const site = await createTestSite();
  await setUp(site);
  for (const kind of ["invitation", "set-up", "reset"]) {
    for (const token of ["%E4%BD%A0", "%0d%0aX-Evil:1", "..%2f..%2fevil", "a%3Fb", "%00"]) {
      const browser = site.open();
      const csrf = (await browser.get("/sign-in")).form().values["csrf"] ?? "";
      const page = await browser.post(`/${kind}/${token}`, { csrf, login: "!!", name: "", password: "x" });
      expect([page.status, page.path.split("?")[0]], `${kind} ${token}`).toSatisfy(
        ([status, path]: [number, string]) =>
          status >= 400 && status < 500 && (path === "/refused" || path.startsWith(`/${kind}/`)),
      );
    }
  }
});

test("what is shown again of a refused form fits into a cookie, whatever was typed", async () => {
  const site = await createTestSite();
  const ada = await setUp(site);
  for (const letter of ["a", '"', "\\", "\u0001", "船"]) {
    const form = (await ada.get("/orgs/new")).form("/orgs/new");
    const text = letter.repeat(400);
    await ada.submit(form, { org_name: text, org_id: text, consent: "yes" });
    const set = ada.received.findLast((header) => header.startsWith("jitnode-again=")) ?? "";
    expect(Buffer.byteLength(set), letter).toBeLessThan(4096);
  }
});
