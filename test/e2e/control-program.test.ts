// The program jitnode-control as it is started: first start, refusals to start, ending, health, keys.
import Database from "better-sqlite3";
import { chmodSync, chownSync, cpSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createClock } from "../../src/platform/clock.js";
import { acquireLock } from "../../src/platform/process-lock.js";
import { onEnd } from "../support/cleanup.js";
import { unprivileged } from "../support/other-user.js";
import { createDatabase } from "../support/postgres.js";
import { timed } from "../support/timed.js";
import { runControl, startControl, startJitnode, type Control } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { createPageClient } from "./page-client.js";

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

async function stop(control: Control): Promise<void> {
  control.signal("SIGTERM");
  expect(await control.exited).toEqual({ code: 0, signal: null });
}

/** Starts on the same data, and expects it to give up. */
async function refusal(control: Pick<Control, "env">, env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runControl(["serve"], { env: { ...control.env, ...env } });
  expect(stdout).toBe("");
  return { code, stderr };
}

/** One that runs for the whole file, for whoever only asks; and the files of one that was stopped after its first start. */
let running: Control;
let used: Control;

beforeAll(async () => {
  running = await startControl({ scope: "file" });
  used = await startControl({ scope: "file" });
  await stop(used);
});

/** A copy of these files, and the environment to start on them. */
function stopped(): Pick<Control, "dataDir" | "env"> {
  const dataDir = temporaryFolder();
  cpSync(used.dataDir, dataDir, { recursive: true });
  return { dataDir, env: { ...used.env, JITNODE_CONTROL_DATA_DIR: dataDir } };
}

const newKey = (): string => `${randomBytes(32).toString("base64")}\n`;

describe("serve", () => {
  test("the first start makes database and key for their owner alone, and prints the set-up link, on stdout only", async () => {
    const control = await startControl();
    for (const file of ["control.db", "control.key"]) {
      expect(statSync(join(control.dataDir, file)).mode & 0o777).toBe(0o600);
    }
    const line = await control.waitForLog(/\/set-up\//);
    expect(line.trim()).toMatch(new RegExp(`^${control.url}/set-up/[\\w-]{43}$`));
    expect(control.stderr()).not.toContain("/set-up/");
    expect((await fetch(line.trim())).status).toBe(200);
    await stop(control);
  });

  test(
    "SIGTERM ends it with 0 in well under five seconds, idle connections and all; the next start finds everything",
    timed,
    async () => {
      const control = await startControl();
      await json(`${control.url}/oauth/jwks`);
      const { hostname, port } = new URL(control.url);
      const idle = connect(Number(port), hostname);
      onEnd(() => void idle.destroy());
      await new Promise((resolve) => idle.once("connect", resolve));
      idle.on("error", () => undefined);
      idle.write("GET /health/live HTTP/1.1\r\nHost: x\r\n");
      const before = performance.now();
      await stop(control);
      expect(performance.now() - before).toBeLessThan(5_000);
      const again = await startControl({ dataDir: control.dataDir });
      expect(await json(`${again.url}/health/ready`)).toEqual({ ready: true });
      await stop(again);
    },
  );

  test("with nothing under way, SIGTERM ends it at once", timed, async () => {
    const control = await startControl();
    const before = performance.now();
    await stop(control);
    expect(performance.now() - before).toBeLessThan(1_500);
  });

  test("a second one on the same address says which, and what to do", async () => {
    const control = running;
    const { code, stderr } = await refusal(control, {
      JITNODE_CONTROL_DATA_DIR: temporaryFolder(),
      JITNODE_CONTROL_METRICS_LISTEN: "127.0.0.1:0",
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`The listen address 127.0.0.1:${String(control.port)} is in use.`);
    expect(stderr).toContain("JITNODE_CONTROL_LISTEN");
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test("a second one on both addresses names the main one, as a sentence with its code and a hint", async () => {
    const control = running;
    const { stderr } = await refusal(control, { JITNODE_CONTROL_DATA_DIR: temporaryFolder() });
    expect(stderr).toMatch(
      new RegExp(
        `^The listen address 127\\.0\\.0\\.1:${String(control.port)} is in use\\. \\(address_in_use\\)\n.+\n$`,
        "m",
      ),
    );
  });

  test("a second one on the same data is refused while commands work; one that was killed keeps nobody out", async () => {
    const control = await startControl();
    const elsewhere = { JITNODE_CONTROL_LISTEN: "127.0.0.1:0", JITNODE_CONTROL_METRICS_LISTEN: "127.0.0.1:0" };
    const { code, stderr } = await refusal(control, elsewhere);
    expect(code).toBe(6);
    expect(stderr).toMatch(/^Another control plane runs on the data directory .* \(control_plane_running\)\n.+\n$/m);
    expect(stderr).toContain(control.dataDir);
    expect(stderr).toContain("JITNODE_CONTROL_DATABASE_URL");
    for (const command of ["setup-link", "migrate"]) {
      expect((await runControl([command], { env: control.env })).code).toBe(0);
    }
    await control.kill();
    await stop(await startControl({ dataDir: control.dataDir }));
  });

  test("a second one waits for one that closes, and SIGTERM ends its waiting at once, with 0", timed, async () => {
    const control = await startControl();
    const lock = join(control.dataDir, "serve.lock");
    await control.kill();
    // Held as by a server whose last requests take their time.
    const held = await acquireLock(lock, { clock: createClock(), timeout: 0 });
    const waiting = startJitnode("jitnode-control", ["serve"], { env: control.env });
    const stopped = startJitnode("jitnode-control", ["serve"], { env: control.env });
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    const before = performance.now();
    stopped.signal("SIGTERM");
    expect(await stopped.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(1_000);
    held?.release();
    await expect.poll(() => waiting.stderr(), { timeout: 10_000 }).toContain("control plane listens");
    waiting.signal("SIGTERM");
    expect(await waiting.exited).toEqual({ code: 0, signal: null });
  });

  test("under another public URL than a bound node knows it warns at each start, and says what to do", async () => {
    const { dataDir } = stopped();
    const database = new Database(join(dataDir, "control.db"));
    database.pragma("foreign_keys = OFF");
    database
      .prepare(
        "insert into bindings (id, node_id, org_id, request_id, created_at, created_by) values (?, ?, ?, ?, 1, ?)",
      )
      .run("b", "n", "o", "r", "a");
    database.prepare("update metadata set value = ? where key = 'public_url'").run("https://old.example");
    database.close();
    const warnings: unknown[] = [];
    for (const publicUrl of ["https://new.example", "https://new.example", "https://old.example"]) {
      const control = await startControl({ dataDir, publicUrl });
      await stop(control);
      const lines = control.stderr().split("\n");
      warnings.push(
        lines.filter((line) => line.includes("the public URL has changed")).map((line) => JSON.parse(line) as unknown),
      );
    }
    const warning = expect.objectContaining({
      level: "warn",
      before: "https://old.example",
      public_url: "https://new.example",
      to_do: expect.stringContaining("JITNODE_CONTROL_PUBLIC_URL") as string,
    }) as unknown;
    expect(warnings).toEqual([[warning], [warning], []]);
  });

  test("another key than the database's is refused, and a lost one is not replaced", async () => {
    const control = stopped();
    const file = join(control.dataDir, "control.key");
    renameSync(file, `${file}.old`);
    const lost = await refusal(control);
    expect(lost.code).toBe(2);
    expect(lost.stderr).toContain(file);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, newKey(), { mode: 0o600 });
    const wrong = await refusal(control);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("The key file is not the one this database was made with.");
    renameSync(`${file}.old`, file);
    await stop(await startControl({ dataDir: control.dataDir }));
  });

  test("a key file that others can read is refused", async () => {
    const control = stopped();
    chmodSync(join(control.dataDir, "control.key"), 0o644);
    const { code, stderr } = await refusal(control);
    expect(code).toBe(2);
    expect(stderr).toContain("can be read by others");
  });

  test("a database of a newer version is refused and left as it is", async () => {
    const control = stopped();
    const database = new Database(join(control.dataDir, "control.db"));
    database.prepare("insert into kysely_migration (name, timestamp) values ('9999-later', '2099')").run();
    database.close();
    const { code, stderr } = await refusal(control);
    expect(code).toBe(1);
    expect(stderr).toContain("newer version");
  });

  test.each([
    [{ JITNODE_CONTROL_LISTEN: "0.0.0.0:0" }, /JITNODE_CONTROL_PUBLIC_URL is not set/],
    [{ JITNODE_CONTROL_TRUSTED_PROXIES: "nonsense" }, /JITNODE_CONTROL_TRUSTED_PROXIES is not valid/],
    [
      { JITNODE_CONTROL_TLS_CERT_FILE: "/nonexistent/a", JITNODE_CONTROL_TLS_KEY_FILE: "/nonexistent/b" },
      /cannot be read/,
    ],
    [
      { JITNODE_CONTROL_DATABASE_URL: "postgres://127.0.0.1:1/none", JITNODE_CONTROL_KEY_FILE: "KEY" },
      /database cannot be reached/,
    ],
    [
      { JITNODE_CONTROL_LISTEN: "203.0.113.1:7070", JITNODE_CONTROL_PUBLIC_URL: "https://x.example" },
      /JITNODE_CONTROL_LISTEN/,
    ],
  ])("%j is refused with a sentence", async (env, sentence) => {
    const folder = temporaryFolder();
    const key = join(folder, "key");
    writeFileSync(key, newKey(), { mode: 0o600 });
    const { code, stderr } = await runControl(["serve"], {
      env: {
        JITNODE_CONTROL_DATA_DIR: folder,
        JITNODE_CONTROL_METRICS_LISTEN: "127.0.0.1:0",
        ...env,
        ...("JITNODE_CONTROL_KEY_FILE" in env ? { JITNODE_CONTROL_KEY_FILE: key } : {}),
      },
    });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test("the log tells who came to be, who signed in and who could not, and neither name nor password of these", async () => {
    const control = await startControl({ env: { JITNODE_CONTROL_LOG_FORMAT: "json" } });
    const link = (await control.waitForLog(/\/set-up\//)).trim();
    const browser = createPageClient(control.url);
    const page = await browser.get(new URL(link).pathname);
    await browser.submit(page.form(), { login: "ada", name: "Ada", password: "correct horse battery staple" });
    const stranger = createPageClient(control.url);
    const asked = await stranger.get("/sign-in");
    const refused = await stranger.submit(asked.form(), { login: "ada", password: "another horse entirely" });
    await stranger.submit(refused.form(), { login: "my password by mistake", password: "x".repeat(20) });
    await stop(control);
    const lines = control
      .stderr()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => /^account\.|^sign-in/.test(String(event)));
    const [made, signedIn, ...failed] = lines;
    expect(made).toMatchObject({ level: "info", event: "account.created", address: "127.0.0.1" });
    expect(signedIn).toMatchObject({
      event: "account.signed_in",
      actor: made?.["subject"],
      subject: made?.["subject"],
    });
    expect(failed).toEqual([
      expect.objectContaining({
        level: "warn",
        event: "sign-in failed",
        account: made?.["subject"],
        address: "127.0.0.1",
      }),
      expect.objectContaining({ level: "warn", event: "sign-in failed", address: "127.0.0.1" }),
    ]);
    for (const secret of ["horse", "my password", "xxxxx"]) expect(control.stderr()).not.toContain(secret);
  });

  test("metrics and the reasons of readiness are on their own listener only", async () => {
    const control = running;
    expect((await fetch(`${control.url}/metrics`)).status).toBe(404);
    const text = await (await fetch(`${control.metricsUrl}/metrics`)).text();
    expect(text).toContain('jitnode_control_http_requests_total{method="GET",route="/health/live",status="200"}');
    expect(await json(`${control.metricsUrl}/health/ready`)).toEqual({
      ready: true,
      checks: { database: "ok", key: "ok" },
    });
    expect((await fetch(`${control.metricsUrl}/v1/me`)).status).toBe(404);
  });
});

describe("beside the server", () => {
  test("health asks it and exits 0, or 1 when it is not there", async () => {
    const control = await startControl();
    expect((await runControl(["health"], { env: control.env })).code).toBe(0);
    expect((await runControl(["health", "--live"], { env: control.env })).code).toBe(0);
    await stop(control);
    expect((await runControl(["health"], { env: control.env })).code).toBe(1);
    expect((await runControl(["health", "--live"], { env: control.env })).code).toBe(1);
    expect((await runControl(["health"], { env: { JITNODE_CONTROL_LISTEN: "nonsense" } })).code).toBe(1);
  });

  test("version, help, and what is not a command", async () => {
    const version = await runControl(["--version"]);
    expect([version.code, version.stdout]).toEqual([0, "jitnode-control 0.1.0\n"]);
    const help = await runControl(["--help"]);
    expect(help.code).toBe(0);
    for (const word of ["serve", "migrate", "setup-link", "account", "invite", "keys", "health"]) {
      expect(help.stdout).toContain(word);
    }
    const keys = await runControl(["keys", "--help"]);
    expect(keys.stdout).toContain("rewrap");
    expect(keys.stdout).toContain("Change the key that signs access tokens");
    for (const { stdout } of [help, keys]) expect(stdout).toMatch(/help \[COMMAND\] +Print the help of a command\.\n/);
    expect(help.stdout).toMatch(/backup FILE +Write a backup/);
    const rewrap = await runControl(["keys", "rewrap", "--help"]);
    expect(rewrap.stdout).toMatch(/--new-key-file FILE +The new key/);
    expect((await runControl(["backup", "--help"])).stdout).toContain("jitnode-control backup [options] FILE\n");
    const bare = await runControl([]);
    expect([bare.code, bare.stdout, bare.stderr]).toEqual([0, help.stdout, ""]);
    for (const [args, named] of [
      [["fly"], ""],
      [["keys", "fly"], "keys "],
      [["keys", "rewrap"], "keys rewrap "],
      [["account", "disable"], "account disable "],
      [["serve", "--fast"], "serve "],
    ] as const) {
      const wrong = await runControl(args);
      expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
      expect(wrong.stderr).toMatch(new RegExp(`^[A-Z].*\\. \\(usage\\)\\nSee jitnode-control ${named}--help\\.\\n$`));
    }
  });

  test("help of a command or of a group is what --help prints of it; what is neither is refused as without help", async () => {
    for (const words of [["serve"], ["account", "disable"], ["keys"], []]) {
      const { code, stdout, stderr } = await runControl(["help", ...words]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toBe((await runControl([...words, "--help"])).stdout);
    }
    expect((await runControl(["account", "help", "disable"])).stdout).toContain("jitnode-control account disable ");
    for (const words of [["fly"], ["account", "fly"]]) {
      const refused = await runControl(["help", ...words]);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toBe((await runControl(words)).stderr);
    }
    const inGroup = await runControl(["account", "help", "fly"]);
    expect(inGroup).toMatchObject({ code: 2, stdout: "", stderr: (await runControl(["account", "fly"])).stderr });
  });

  test.each([
    [["account", "lst"], "list"],
    [["account", "help", "lst"], "list"],
    [["serv"], "serve"],
    [["account", "list", "--jsn"], "--json"],
  ])("%j is refused with what may have been meant: %s", async (args, meant) => {
    const { code, stdout, stderr } = await runControl(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(new RegExp(`^Unknown .* \\(usage\\)\nDid you mean ${meant}\\?\n$`));
  });

  test("commands of a user who may not look into the data directory say so, and not that there is no database", async () => {
    const dataDir = temporaryFolder({ owner: unprivileged() });
    cpSync(used.dataDir, dataDir, { recursive: true });
    // Of mode 0700 and root's; where the suite is nobody special, closed to its own user.
    chmodSync(dataDir, unprivileged() === undefined ? 0o000 : 0o700);
    onEnd(() => chmodSync(dataDir, 0o700));
    if (unprivileged() !== undefined) chownSync(dataDir, 0, 0);
    const env = { ...used.env, JITNODE_CONTROL_DATA_DIR: dataDir };
    for (const args of [
      ["account", "list"],
      ["backup", join(temporaryFolder({ owner: unprivileged() }), "b.db")],
    ]) {
      const { code, stderr } = await runControl(args, { env, user: unprivileged() });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^The data directory .* cannot be written by uid \d+: .* \(state_not_writable\)\n.*sudo -u/,
      );
    }
  });

  test("commands on a database that is not there, or not migrated, say so and make none", async () => {
    const folder = temporaryFolder();
    const { code, stderr } = await runControl(["account", "list"], { env: { JITNODE_CONTROL_DATA_DIR: folder } });
    expect(code).toBe(1);
    expect(stderr).toContain(`There is no database at ${join(folder, "control.db")} yet. (database_missing)\n`);
    expect(stderr).toMatch(/`jitnode-control serve` or `jitnode-control migrate`/);
    expect(existsSync(join(folder, "control.db"))).toBe(false);
    const old = stopped();
    const database = new Database(join(old.dataDir, "control.db"));
    database.prepare("delete from kysely_migration where name <> '0001-first'").run();
    database.close();
    expect((await runControl(["account", "list"], { env: old.env })).stderr).toContain("older version");
    const { url } = await createDatabase();
    const key = join(folder, "key");
    writeFileSync(key, newKey(), { mode: 0o600 });
    const env = { JITNODE_CONTROL_DATABASE_URL: url, JITNODE_CONTROL_KEY_FILE: key };
    expect((await runControl(["keys", "rotate"], { env })).stderr).toContain("(database_missing)");
    expect((await runControl(["migrate"], { env })).stdout).toContain("0001-first");
    expect((await runControl(["migrate"], { env })).stdout).toContain("at this version");
    expect((await runControl(["keys", "rotate"], { env })).code).toBe(0);
  });

  test("keys rotate holds for the running server, which publishes both keys", async () => {
    const control = await startControl();
    const rotate = async () => await runControl(["keys", "rotate"], { env: control.env });
    expect((await rotate()).code).toBe(0);
    const { stdout } = await rotate();
    const { keys } = (await json(`${control.url}/oauth/jwks`)) as { keys: { kid: string }[] };
    expect(keys).toHaveLength(2);
    expect(stdout).toContain(String(keys[0]?.kid));
  });

  test("keys rewrap is refused while it runs; afterwards only the new key opens the database", async () => {
    const control = await startControl();
    await runControl(["keys", "rotate"], { env: control.env });
    const file = join(control.dataDir, "control.key");
    const next = join(control.dataDir, "next.key");
    writeFileSync(next, newKey(), { mode: 0o600 });
    const rewrap = async () => await runControl(["keys", "rewrap", "--new-key-file", next], { env: control.env });
    const running = await rewrap();
    expect(running.code).toBe(6);
    expect(running.stderr).toContain("running");
    await stop(control);
    const done = await rewrap();
    expect(done.code).toBe(0);
    expect(done.stdout).toContain("1 signing key");
    expect(readFileSync(file, "utf8")).not.toBe(readFileSync(next, "utf8"));
    expect((await refusal(control)).stderr).toContain("not the one this database was made with");
    renameSync(next, file);
    const again = await startControl({ dataDir: control.dataDir });
    const { keys } = (await json(`${again.url}/oauth/jwks`)) as { keys: unknown[] };
    expect(keys).toHaveLength(1);
    expect(await json(`${again.url}/health/ready`)).toEqual({ ready: true });
  });
});
