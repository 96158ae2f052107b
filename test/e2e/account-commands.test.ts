// The commands of jitnode-control about accounts, beside a running server.
import { expect, test } from "vitest";
import { runControl, startControl } from "../support/programs.js";
import { createPageClient, type PageClient } from "./page-client.js";

const password = "correct horse battery";

test("set-up link, invite, list, reset link, disable and enable work while the server runs", async () => {
  const control = await startControl();
  const run = (...args: readonly string[]) => runControl(args, { env: control.env });
  const link = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/once/)]);
    expect(stdout).toMatch(new RegExp(`^${control.url}/[a-z-]+/[\\w-]{43}\n$`));
    return new URL(stdout.trim()).pathname;
  };
  const account = async (path: string, login: string, name: string): Promise<PageClient> => {
    const browser = createPageClient(control.url);
    await browser.submit((await browser.get(path)).form(), { login, name, password });
    expect(browser.page().heading).toBe(`Hello, ${name}`);
    return browser;
  };

  const none = await run("account", "list");
  expect([none.code, none.stdout]).toEqual([0, ""]);
  expect(none.stderr).toContain("setup-link");
  const early = await run("invite");
  expect([early.code, early.stdout]).toEqual([6, ""]);
  expect(early.stderr).toMatch(/^The control plane has no account yet\. \(set_up_needed\)\n.*setup-link/);
  await account(await link("setup-link"), "ada", "Ada");
  const done = await run("setup-link");
  expect([done.code, done.stdout]).toEqual([6, ""]);
  expect(done.stderr).toContain("set up already");

  const grace = await account(await link("invite"), "grace", "Grace");
  const list = await run("account", "list", "--json");
  const { accounts } = JSON.parse(list.stdout) as {
    accounts: { id: string; sign_in_name: string; origin: string; disabled_at: unknown }[];
  };
  expect(accounts).toMatchObject([
    { sign_in_name: "ada", origin: "setup", disabled_at: null },
    { sign_in_name: "grace", origin: "invitation", disabled_at: null },
  ]);

  expect((await run("account", "disable", accounts[1]?.id ?? "")).code).toBe(0);
  expect((await grace.get("/")).path).toBe("/sign-in");
  expect((await run("account", "list")).stdout).toMatch(/JP_\w{16} {2}grace .* disabled\n$/);
  expect((await run("account", "enable", "grace")).code).toBe(0);
  expect((await grace.get("/")).path).toBe("/sign-in");

  const reset = await link("account", "reset-link", "grace");
  const page = await grace.submit((await grace.get(reset)).form(), { password: "another good one" });
  expect(page.heading).toContain("Hello, Grace");

  for (const args of [
    ["account", "reset-link", "nobody"],
    ["account", "disable", "JP_1111111111111111"],
  ]) {
    const unknown = await run(...args);
    expect([unknown.code, unknown.stdout]).toEqual([1, ""]);
    expect(unknown.stderr).toContain("There is no such account.");
  }
});

test("what browsers ask for in vain is answered by a page, what programs ask for by a problem", async () => {
  const control = await startControl();
  const browser = createPageClient(control.url);
  const page = await browser.get("/nothing/here");
  expect(page.status).toBe(404);
  expect(page.heading).toBe("There is nothing at this address.");
  expect(page.headers.get("content-security-policy")).toContain("style-src");
  const problem = await fetch(`${control.url}/nothing/here`, { headers: { accept: "application/json" } });
  expect(problem.headers.get("content-type")).toContain("application/problem+json");
  expect(
    (await fetch(`${control.url}/v1/nothing`, { headers: { accept: "text/html" } })).headers.get("content-type"),
  ).toContain("problem");
  const head = await fetch(`${control.url}/sign-in`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const icon = await fetch(`${control.url}/assets/icon.svg`);
  expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
});
