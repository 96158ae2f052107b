// Signing in and staying signed in: sessions on disk, rotation, lost answers, the first sign-in on a bound node.
import { createServer } from "node:http";
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { onEnd } from "../support/cleanup.js";
import { unprivileged } from "../support/other-user.js";
import { freePort, runCli, startCli, startDaemon, type Result } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { errorOf, jsonOf, readShown, resultOf, startSite, type CliSite, type Person } from "./cli-site.js";
import { startLossyProxy } from "./lossy-proxy.js";

const failure = (result: Result): readonly [unknown, string] => [result.code, errorOf(result).code];
const sessionFile = (home: string): string => join(home, ".config", "jitnode", "session.json");

interface Stored {
  readonly sessions: Readonly<Record<string, { readonly refresh_token: string; readonly access_token: string }>>;
}
const storedIn = (home: string): Stored => JSON.parse(readFileSync(sessionFile(home), "utf8")) as Stored;

/** Seconds. The command line renews a token 20 s before its end, so this one before each request; yet it is good for it. */
const hasty = "15";

/** Of the whole file; sessions lie in home folders, of which each test has its own. */
let site: CliSite;
let ada: Person;

beforeAll(async () => {
  site = await startSite({ scope: "file" });
  ada = await site.person("ada");
});

/** Ada at another computer. */
const adaElsewhere = (): Person => ada.elsewhere(temporaryFolder());

describe("a session", () => {
  test("is kept for its owner alone, found again, and ended by logout", async () => {
    const ada = adaElsewhere();
    const login = await ada.signIn(site.env);
    expect(login, login.stderr).toMatchObject({ code: 0 });
    expect(login.stdout).toMatch(/^Signed in at http:\/\/127\.0\.0\.1:\d+ as ada \(JP_/);
    expect(statSync(sessionFile(ada.home)).mode & 0o777).toBe(0o600);
    // The only stored session says which control plane is meant.
    expect(jsonOf(await ada.cli(["whoami", "--json"]), "whoami")).toMatchObject({ server: site.control.url });
    const again = await ada.cli(["login", "--json"]);
    expect(jsonOf(again, "login")).toMatchObject({ already_signed_in: true, stored: true });

    expect(jsonOf(await ada.cli(["logout", "--json"], { env: site.env }), "logout")).toMatchObject({ revoked: true });
    expect(failure(await ada.cli(["whoami", "--json"], { env: site.env }))).toEqual([4, "sign_in_needed"]);
    expect(jsonOf(await ada.cli(["logout", "--json"], { env: site.env }), "logout")).toMatchObject({
      was_signed_in: false,
    });
  });

  test("is renewed by many commands at once without one of them ending it", async () => {
    const site = await startSite({ accessTokenTtl: hasty });
    const ada = await site.person("ada");
    await ada.signIn(site.env);
    for (let round = 0; round < 2; round += 1) {
      const results = await Promise.all(Array.from({ length: 6 }, () => ada.cli(["whoami"], { env: site.env })));
      expect(results.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual(results.map(() => "0 "));
    }
  });

  test("survives a renewal whose answer is lost, by the same token", async () => {
    const proxy = await startLossyProxy();
    const site = await startSite({ accessTokenTtl: hasty, publicUrl: proxy.url });
    proxy.forwardTo(site.control.port);
    const env = { JITNODE_SERVER: proxy.url };
    const ada = await site.person("ada");
    expect((await ada.signIn(env)).code).toBe(0);
    const before = storedIn(ada.home).sessions[proxy.url]?.refresh_token;

    const earlier = proxy.seen.length;
    proxy.lose(/grant_type=refresh_token/, 2);
    expect(await ada.cli(["whoami"], { env })).toMatchObject({ code: 0, stderr: "" });
    // Two lost answers and the one that arrives.
    const tokens = proxy.seen
      .slice(earlier)
      .map((line) => new URLSearchParams(line.split(" ")[2]).get("refresh_token"));
    expect(tokens.filter((token) => token !== null).slice(0, 3)).toEqual([before, before, before]);
    expect(storedIn(ada.home).sessions[proxy.url]?.refresh_token).not.toBe(before);
    expect(await ada.cli(["whoami"], { env })).toMatchObject({ code: 0 });
  });

  test("a request whose answer is lost is sent again with the same key, and happens once", async () => {
    const proxy = await startLossyProxy();
    const site = await startSite({ publicUrl: proxy.url });
    proxy.forwardTo(site.control.port);
    const env = { JITNODE_SERVER: proxy.url };
    const ada = await site.person("ada");
    await ada.signIn(env);
    proxy.lose(/^POST \/v1\/orgs /, 2);
    const created = await ada.cli(["org", "create", "once", "--name", "Once", "--accept-agreement", "--json"], { env });
    expect(jsonOf(created, "org-create")).toMatchObject({ id: "once" });
    const code = (await ada.cli(["org", "code"], { env })).stdout;
    proxy.lose(/^POST \/v1\/orgs\/once\/binding-code\/refresh/, 1);
    const refreshed = (await ada.cli(["org", "code", "refresh"], { env })).stdout;
    expect(refreshed).not.toBe(code);
    expect((await ada.cli(["org", "code"], { env })).stdout).toBe(refreshed);
  });

  test("of one control plane is never sent to another", async () => {
    const one = site;
    const two = await startSite();
    const proxy = await startLossyProxy();
    proxy.forwardTo(two.control.port);
    const ada = adaElsewhere();
    await ada.signIn(one.env);
    const tokens = Object.values(storedIn(ada.home).sessions)[0];
    expect(failure(await ada.cli(["whoami", "--json"], { env: { JITNODE_SERVER: proxy.url } }))).toEqual([
      4,
      "sign_in_needed",
    ]);
    expect(proxy.seen.join("\n")).not.toContain(tokens?.access_token);
    // Signed in at both: neither is the only one any more.
    const eve = await two.person("eve");
    const login = startCli(["login"], { home: ada.home, env: two.env });
    await eve.decide(await readShown(login), "Approve");
    expect((await resultOf(login)).code).toBe(0);
    expect(failure(await ada.cli(["whoami", "--json"]))).toEqual([2, "server_required"]);
    const whoAt = async (env: Readonly<Record<string, string | undefined>>): Promise<unknown> =>
      jsonOf(await ada.cli(["whoami", "--json"], { env }), "whoami");
    expect(await whoAt(one.env)).toMatchObject({ account: { name: "ada" } });
    expect(await whoAt(two.env)).toMatchObject({ account: { name: "eve" } });
  });

  test("is forgotten here also when the control plane cannot be told", async () => {
    const site = await startSite();
    const ada = await site.person("ada");
    await ada.signIn(site.env);
    await site.control.kill();
    const logout = await ada.cli(["logout", "--json"], { env: site.env });
    expect([logout.code, jsonOf(logout, "logout")]).toMatchObject([0, { was_signed_in: true, revoked: false }]);
    expect(logout.stderr).toMatch(/could not be told/);
    expect(storedIn(ada.home).sessions).toEqual({});
  });

  test("that was damaged or revoked is as good as none", async () => {
    const ada = adaElsewhere();
    await ada.signIn(site.env);
    const whole = readFileSync(sessionFile(ada.home), "utf8");
    const otherKey = whole.replace(/(?<="d\\":\\")./, (letter) => (letter === "_" ? "-" : "_"));
    for (const damage of ["", "{", "null", whole.slice(0, 100), otherKey]) {
      writeFileSync(sessionFile(ada.home), damage);
      expect((await ada.cli(["whoami", "--json"], { env: site.env })).code).toBe(4);
    }
    writeFileSync(sessionFile(ada.home), whole);
    expect((await ada.cli(["whoami"], { env: site.env })).code).toBe(0);
    await ada.cli(["logout"], { env: site.env });
    writeFileSync(sessionFile(ada.home), whole);
    expect(failure(await ada.cli(["whoami", "--json"], { env: site.env }))).toEqual([4, "session_ended"]);
  });

  test("that cannot be stored lasts for the command, with a note", async () => {
    const user = unprivileged();
    const closed = temporaryFolder({ owner: user });
    chmodSync(closed, 0o500);
    const file = join(temporaryFolder({ owner: user }), "file");
    writeFileSync(file, "");
    for (const config of [closed, file]) {
      const env = { ...site.env, JITNODE_CONFIG_DIR: config };
      const login = startCli(["login", "--json"], { env, user });
      await ada.decide(await readShown(login), "Approve");
      const result = await resultOf(login);
      expect(result.stderr).toMatch(/The session cannot be stored; it lasts for this command only/);
      expect(jsonOf(result, "login")).toMatchObject({ stored: false });
    }
  });

  test("is not stored without its lock: a lock that cannot be written, in a folder that can, is named", async () => {
    const user = unprivileged();
    const config = temporaryFolder({ owner: user });
    const lock = join(config, "session.lock");
    writeFileSync(lock, "", { mode: 0o444 });
    if (user !== undefined) chownSync(lock, user.uid, user.gid);
    const result = await runCli(["login", "--json"], { env: { ...site.env, JITNODE_CONFIG_DIR: config }, user });
    expect([result.code, errorOf(result)]).toMatchObject([
      1,
      { code: "folder_not_writable", hint: expect.stringContaining("chmod u+w") as unknown },
    ]);
    expect(result.stdout).toContain(`${lock} cannot be written`);
    // Nobody has signed in for nothing, and perhaps joined an organization.
    expect(result.stderr).toBe("");
    expect(existsSync(join(config, "session.json"))).toBe(false);
  });
});

describe("the first sign-in on a bound node", () => {
  test("needs its organization's binding code: on the page, from a file; without it nothing is stored", async () => {
    const ada = adaElsewhere();
    await ada.signIn(site.env);
    const daemon = await startDaemon({ server: site.control.url });
    const choice = ["--create-org", "first", "--org-name", "First", "--accept-agreement"];
    expect((await ada.cli(["activate", ...choice], { env: daemon.cliEnv })).code).toBe(0);
    const code = (await ada.cli(["org", "code"], { env: daemon.cliEnv })).stdout.trim();

    const bob = await site.person("bob");
    const login = startCli(["login", "--json"], { home: bob.home, env: daemon.cliEnv });
    const shown = await readShown(login);
    await bob.decide(shown, "Approve", { binding_code: "BCDF-GHJK-LMNP-W" });
    expect(bob.browser.page().wrong("binding_code")).toMatch(/not valid/);
    expect(await bob.decide(shown, "Approve", { binding_code: code })).toBe("The terminal is signed in");
    expect(jsonOf(await resultOf(login), "login")).toMatchObject({ stored: true, account: { name: "bob" } });
    expect((await bob.cli(["org", "show"], { env: daemon.cliEnv })).code).toBe(0);

    // Signed in before the node was: the same is asked for.
    const carol = await site.person("carol");
    await carol.signIn(site.env);
    expect(failure(await carol.cli(["login", "--json"], { env: daemon.cliEnv }))).toEqual([5, "membership_required"]);
    const file = join(temporaryFolder(), "code");
    writeFileSync(file, code);
    const joined = await carol.cli(["login", "--json", "--binding-code-file", file], { env: daemon.cliEnv });
    expect(jsonOf(joined, "login")).toMatchObject({ already_signed_in: true });
    expect((await carol.cli(["org", "show"], { env: daemon.cliEnv })).code).toBe(0);
  });
});

test("login with --no-input does not recommend itself, but a terminal and somebody at it", async () => {
  const result = await runCli(["login", "--json", "--no-input", "--server", site.control.url]);
  expect(failure(result)).toEqual([4, "sign_in_needed"]);
  expect(errorOf(result).hint).toBe(
    `Run \`jitnode login --server ${site.control.url}\` at a terminal, without --no-input: a person must open a link.`,
  );
});

describe("a control plane", () => {
  test("that is away, or may not be talked to, is said to be so", async () => {
    const proxy = await startLossyProxy();
    const home = temporaryFolder();
    const result = await runCli(["login", "--json", "--server", proxy.url], { home });
    expect(failure(result)).toEqual([7, "control_plane_unreachable"]);
    const plain = await runCli(["login", "--json", "--server", "http://example.com"], { home });
    expect(failure(plain)).toEqual([2, "server_invalid"]);
  });

  test.each([
    ["a page", 200, "<html>Welcome</html>", "control_plane_unexpected"],
    ["an error", 500, "<html>Oops</html>", "control_plane_error"],
    ["ten megabytes", 200, "x".repeat(10_000_000), "control_plane_unexpected"],
    ["another issuer", 200, metadataOf("https://other.example.com"), "control_plane_mismatch"],
  ])("that answers with %s is not believed", async (_what, statusCode, body, code) => {
    const server = createServer((_request, response) => {
      // The command leaves as soon as it has seen enough.
      response.on("error", () => undefined);
      response.writeHead(statusCode, { "content-type": "application/json" }).end(body);
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    onEnd(() => void server.close());
    const result = await runCli(["login", "--json", "--server", `http://127.0.0.1:${port}`]);
    expect(failure(result)).toEqual([code === "control_plane_mismatch" ? 6 : 7, code]);
    expect(result.stdout).not.toContain("Welcome");
  });
});

function metadataOf(issuer: string): string {
  const names = ["token", "device_authorization", "revocation"].map((name) => [
    `${name}_endpoint`,
    `${issuer}/${name}`,
  ]);
  return JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks`, ...Object.fromEntries(names) });
}
