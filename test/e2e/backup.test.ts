// Backups of the control plane as its operator makes them: while it serves, and put back while it does not.
import Database from "better-sqlite3";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { migrationNames } from "../../src/control/store/migrate.js";
import { reach } from "../integration/daemon/daemon-client.js";
import { checkout } from "../support/checkout.js";
import { createDatabase } from "../support/postgres.js";
import { unprivileged } from "../support/other-user.js";
import { runControl, startControl, startDaemon, startJitnode, type Control, type Daemon } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { startSite, type CliSite, type Person } from "./cli-site.js";
import { keys, openProgram } from "./terminal.js";

const inFolder = (name = "backup.db"): string => join(temporaryFolder(), name);

async function stop(control: Control): Promise<void> {
  control.signal("SIGTERM");
  expect(await control.exited).toEqual({ code: 0, signal: null });
}

/** What the operator types; must succeed. */
async function command(control: Control, args: readonly string[]) {
  const result = await runControl(args, { env: control.env });
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return result;
}

/** What the operator types, refused: exit code, code of the error, and that nothing is half done. */
async function refused(env: Control["env"], args: readonly string[]) {
  const { code, stdout, stderr } = await runControl(args, { env });
  expect(stdout).toBe("");
  expect(stderr).not.toMatch(/\n\s+at /);
  return { code, error: /\(([a-z_]+)\)\n/.exec(stderr)?.[1], stderr };
}

/** Changes a copy of a backup, as another version or an accident would have. */
function changed(file: string, change: (database: Database.Database) => void): string {
  const copy = inFolder("changed.db");
  copyFileSync(file, copy);
  const database = new Database(copy);
  change(database);
  database.close();
  return copy;
}

const rows = (file: string, query: string): readonly unknown[] => {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
};

/** Makes it large enough that copying it takes a while: 80 MB. */
function fill(database: Database.Database): void {
  database.exec("create table filler (x blob)");
  const row = database.prepare("insert into filler values (?)");
  database.transaction(() => {
    for (let n = 0; n < 200; n += 1) row.run(Buffer.alloc(400_000));
  })();
}

/** What the operator sees in a folder, and what of a killed program is still there beside it. */
const visible = (folder: string): readonly string[] => readdirSync(folder).filter((name) => !name.startsWith("."));
const begun = (folder: string): boolean =>
  readdirSync(folder).some((name) => name.endsWith(".tmp") && statSync(join(folder, name)).size > 0);

/** Killed as soon as it has copied something. */
async function killHalfWay(env: Control["env"], args: readonly string[], folder: string): Promise<void> {
  const program = startJitnode("jitnode-control", args, { env });
  await expect.poll(() => begun(folder), { interval: 1, timeout: 20_000 }).toBe(true);
  program.signal("SIGKILL");
  expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
}

/** The lines that stay on a screen. */
const screen = (raw: string): readonly string[] =>
  raw.split("\n").map((line) => line.replace(/^[^]*\u001b\[K|\r$/g, ""));

describe("backup", () => {
  let control: Control;
  beforeAll(async () => {
    control = await startControl({ scope: "file" });
  });

  test("while serving: one file for its owner alone, and it says that the key is not in it", async () => {
    const file = inFolder();
    const { stdout, stderr } = await command(control, ["backup", file]);
    expect(stdout).toMatch(new RegExp(`^Backup written: ${file} \\(schema \\d+\\)\n$`));
    expect(stderr).toContain(`The key file ${join(control.dataDir, "control.key")} is not in it`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, ".."))).toEqual(["backup.db"]);
    const key = readFileSync(join(control.dataDir, "control.key"), "utf8").trim();
    const bytes = readFileSync(file);
    expect(bytes.includes(key)).toBe(false);
    expect(bytes.includes(Buffer.from(key, "base64"))).toBe(false);
  });

  test("it is whole and of one moment while the server writes, and nobody seems to serve from it", async () => {
    const writer = new Database(join(control.dataDir, "control.db"));
    writer.pragma("busy_timeout = 10000");
    writer.exec("create table pair (a integer, filler blob)");
    const fill = writer.prepare("insert into pair values (?, ?)");
    for (let n = 0; n < 2000; n += 1) fill.run(0, Buffer.alloc(8000));
    const both = writer.prepare("update pair set a = ? where rowid in (1, 2000)");
    const file = inFolder();
    const running = command(control, ["backup", file]);
    let writes = 0;
    const timer = setInterval(() => both.run((writes += 1)), 1);
    await running;
    clearInterval(timer);
    writer.exec("drop table pair; vacuum");
    writer.close();
    expect(writes).toBeGreaterThan(10);
    expect(rows(file, "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(rows(file, "select count(distinct a) as n from pair where rowid in (1, 2000)")).toEqual([{ n: 1 }]);
    expect(rows(file, "select key from metadata where key like 'server:%'")).toEqual([]);
    expect(rows(file, "pragma journal_mode")).toEqual([{ journal_mode: "delete" }]);
  });

  test("a file that is there stays as it is", async () => {
    const file = inFolder();
    writeFileSync(file, "mine");
    expect(await refused(control.env, ["backup", file])).toMatchObject({ code: 6, error: "backup_exists" });
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  test("a folder that is not there, or is not writable, or fills up, leaves nothing behind", async () => {
    const user = unprivileged();
    const missing = join(temporaryFolder(), "no", "backup.db");
    expect(await refused(control.env, ["backup", missing])).toMatchObject({ code: 1, error: "backup_not_written" });

    const own = await startControl({ user });
    const closed = temporaryFolder({ owner: user });
    chmodSync(closed, 0o500);
    const env = own.env;
    const denied = await runControl(["backup", join(closed, "b.db")], { env, user });
    expect(denied).toMatchObject({ code: 1 });
    expect(denied.stderr).toContain("(EACCES). (backup_not_written)");

    const folder = temporaryFolder({ owner: user });
    const full = startJitnode("jitnode-control", ["backup", join(folder, "b.db")], {
      env,
      user,
      fileSizeLimit: 16_384,
    });
    expect(await full.exited).toMatchObject({ code: 1 });
    expect(full.stderr()).toContain("(backup_not_written)");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("on a terminal it tells how far it is, in one line that is gone in the end; interrupted, it leaves nothing", async () => {
    const own = await startControl();
    const database = new Database(join(own.dataDir, "control.db"));
    fill(database);
    database.close();
    const bin = join(checkout(), "bin", "jitnode-control.js");
    const backup = (file: string) =>
      openProgram(process.execPath, [bin, "backup", file], { env: own.env, home: temporaryFolder() });
    const file = inFolder();
    const whole = backup(file);
    const [, first] = await whole.waitFor(/Copying the database: (\d+) %/);
    const [, later] = await whole.waitFor(/Copying the database: (\d+) %/);
    expect(Number(later)).toBeGreaterThanOrEqual(Number(first));
    expect(await whole.exited).toBe(0);
    expect(screen(whole.raw())[0]).toBe(`Backup written: ${file} (schema ${String(migrationNames.length)})`);

    const other = inFolder();
    const interrupted = backup(other);
    await interrupted.waitFor(/Copying the database: \d+ %/);
    interrupted.type(keys.interrupt);
    expect(await interrupted.exited).toBe(130);
    expect(screen(interrupted.raw()).find((line) => line.includes("Interrupted"))).toBe("Interrupted. (interrupted)");
    expect(readdirSync(join(other, ".."))).toEqual([]);
  });

  test("killed half-way, it leaves no file of that name, the server goes on, and the next one works", async () => {
    const own = await startControl();
    const database = new Database(join(own.dataDir, "control.db"));
    fill(database);
    database.close();
    const file = inFolder();
    const folder = join(file, "..");
    await killHalfWay(own.env, ["backup", file], folder);
    expect(visible(folder)).toEqual([]);
    expect(await (await fetch(`${own.url}/health/ready`)).json()).toEqual({ ready: true });
    // Whoever takes what it had begun for a backup is told.
    const [left = ""] = readdirSync(folder);
    const env = { JITNODE_CONTROL_DATA_DIR: join(temporaryFolder(), "data") };
    expect(await refused(env, ["restore", join(folder, left)])).toMatchObject({ code: 1, error: "backup_invalid" });

    await command(own, ["backup", file]);
    expect(visible(folder)).toEqual(["backup.db"]);
    expect(rows(file, "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
  });

  test("without a database it says where it looked", async () => {
    const dataDir = temporaryFolder();
    const { code, error, stderr } = await refused({ JITNODE_CONTROL_DATA_DIR: dataDir }, ["backup", inFolder()]);
    expect({ code, error }).toEqual({ code: 1, error: "database_missing" });
    expect(stderr).toContain(join(dataDir, "control.db"));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test("with PostgreSQL both commands point to its own tools", async () => {
    const { url } = await createDatabase();
    const keyFile = inFolder("key");
    writeFileSync(keyFile, randomBytes(32).toString("base64"), { mode: 0o600 });
    const env = { JITNODE_CONTROL_DATABASE_URL: url, JITNODE_CONTROL_KEY_FILE: keyFile };
    for (const name of ["backup", "restore"]) {
      const { code, error, stderr } = await refused(env, [name, inFolder()]);
      expect({ code, error }).toEqual({ code: 2, error: "backup_by_database" });
      expect(stderr).toContain("docs/guides/backup.md");
    }
  });
});

describe("restore", () => {
  let control: Control;
  let backup: string;
  beforeAll(async () => {
    control = await startControl({ scope: "file" });
    backup = join(temporaryFolder({ scope: "file" }), "backup.db");
    await command(control, ["backup", backup]);
  });

  const emptyEnv = () => ({ JITNODE_CONTROL_DATA_DIR: join(temporaryFolder(), "data") });

  test("into an empty data directory: it names the key file that is still to come, and with it the server starts", async () => {
    const env = emptyEnv();
    const { code, stdout, stderr } = await runControl(["restore", backup], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Restored: .* \(schema \d+, made 20.*Z\)\n$/);
    const dataDir = env.JITNODE_CONTROL_DATA_DIR;
    expect(stderr).toContain(`There is no key file at ${join(dataDir, "control.key")}`);
    expect(statSync(join(dataDir, "control.db")).mode & 0o777).toBe(0o600);
    // Nothing makes a new key for it.
    expect(await refused(env, ["serve"])).toMatchObject({ error: "secret_file_unreadable" });
    copyFileSync(join(control.dataDir, "control.key"), join(dataDir, "control.key"));
    const again = await startControl({ dataDir });
    expect(await (await fetch(`${again.url}/health/ready`)).json()).toEqual({ ready: true });
    await stop(again);
  });

  test("a running server is seen, whether it says so or not, and nothing is changed", async () => {
    const other = await startControl();
    const own = inFolder();
    await command(other, ["backup", own]);
    const before = readdirSync(other.dataDir).sort();
    const { code, error } = await refused(other.env, ["restore", own]);
    expect({ code, error }).toEqual({ code: 6, error: "control_plane_running" });
    expect(readdirSync(other.dataDir).sort()).toEqual(before);
    // Killed, it is announced for a minute and a half yet, and does not run any more.
    other.signal("SIGKILL");
    await other.exited;
    await command(other, ["restore", own]);
  });

  test("the old database is kept, complete, also of a server that was killed", async () => {
    const other = await startControl();
    const own = inFolder();
    await command(other, ["backup", own]);
    await command(other, ["keys", "rotate"]);
    other.signal("SIGKILL");
    await other.exited;
    const { stderr } = await command(other, ["restore", own]);
    const aside = /kept as (\S+)\.\n/.exec(stderr)?.[1] ?? "";
    expect(statSync(aside).mode & 0o777).toBe(0o600);
    const rotated = "select count(*) as n from audit where action = 'keys.rotated'";
    expect(rows(aside, rotated)).toEqual([{ n: 1 }]);
    expect(rows(join(other.dataDir, "control.db"), rotated)).toEqual([{ n: 0 }]);
    // And back again.
    await command(other, ["restore", aside]);
    expect(rows(join(other.dataDir, "control.db"), rotated)).toEqual([{ n: 1 }]);
    await stop(await startControl({ dataDir: other.dataDir }));
  });

  test("what damaged the database does not get into the restored one", async () => {
    const other = await startControl();
    const own = inFolder();
    await command(other, ["backup", own]);
    other.signal("SIGKILL");
    await other.exited;
    writeFileSync(join(other.dataDir, "control.db"), randomBytes(8192));
    expect(existsSync(join(other.dataDir, "control.db-wal"))).toBe(true);
    await command(other, ["restore", own]);
    expect(readdirSync(other.dataDir)).not.toContain("control.db-wal");
    const again = await startControl({ dataDir: other.dataDir });
    await stop(again);
  });

  test.each([
    [
      "of a newer version",
      "schema_newer",
      (db: Database.Database) => db.exec("insert into kysely_migration values ('9999-later', '')"),
    ],
    ["of another program", "backup_invalid", (db: Database.Database) => db.exec("drop table kysely_migration")],
    ["that was never migrated", "backup_invalid", (db: Database.Database) => db.exec("delete from kysely_migration")],
  ])("a database %s is refused, and nothing is changed", async (_what, error, change) => {
    const env = emptyEnv();
    const file = changed(backup, change);
    expect(await refused(env, ["restore", file])).toMatchObject({ code: 1, error });
    expect(readdirSync(env.JITNODE_CONTROL_DATA_DIR)).toEqual([]);
  });

  test("a damaged file, one that is none, a folder and nothing at all are refused", async () => {
    const cut = inFolder("cut.db");
    copyFileSync(backup, cut);
    truncateSync(cut, 20_480);
    const text = inFolder("text.db");
    writeFileSync(text, "not a database, but long enough to be looked at\n".repeat(40));
    const folder = inFolder("folder");
    mkdirSync(folder);
    const env = emptyEnv();
    for (const file of [cut, text, folder, inFolder("missing")]) {
      expect(await refused(env, ["restore", file]), file).toMatchObject({ code: 1, error: "backup_invalid" });
    }
    expect(readdirSync(env.JITNODE_CONTROL_DATA_DIR)).toEqual([]);
  });

  test("a backup made with another key is refused where the key is there", async () => {
    const other = await startControl();
    await stop(other);
    const before = readFileSync(join(other.dataDir, "control.db"));
    expect(await refused(other.env, ["restore", backup])).toMatchObject({ code: 1, error: "key_mismatch" });
    expect(readFileSync(join(other.dataDir, "control.db")).equals(before)).toBe(true);
  });

  test("interrupted, it leaves things as they were", async () => {
    const dataDir = temporaryFolder();
    const big = changed(backup, fill);
    const program = startJitnode("jitnode-control", ["restore", big], { env: { JITNODE_CONTROL_DATA_DIR: dataDir } });
    await expect.poll(() => readdirSync(dataDir).length, { interval: 1, timeout: 20_000 }).toBeGreaterThan(0);
    program.signal("SIGINT");
    expect((await program.exited).code).toBe(130);
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe("a restore that is killed half-way", () => {
  test("leaves the database as it was; the server starts on it, and the next restore works", async () => {
    const control = await startControl();
    const small = inFolder();
    await command(control, ["backup", small]);
    await command(control, ["keys", "rotate"]);
    await stop(control);
    const rotated = "select count(*) as n from audit where action = 'keys.rotated'";
    const { dataDir, env } = control;
    const before = visible(dataDir);

    await killHalfWay(env, ["restore", changed(small, fill)], dataDir);
    expect(visible(dataDir)).toEqual(before);
    await stop(await startControl({ dataDir }));
    expect(rows(join(dataDir, "control.db"), rotated)).toEqual([{ n: 1 }]);

    await command(control, ["restore", small]);
    expect(rows(join(dataDir, "control.db"), rotated)).toEqual([{ n: 0 }]);
    await stop(await startControl({ dataDir }));
  });
});

describe("nodes and a restored control plane", () => {
  let site: CliSite;
  let ada: Person;
  beforeAll(async () => {
    site = await startSite({ scope: "file" });
    ada = await site.person("ada");
    expect((await ada.signIn(site.env)).code).toBe(0);
  });

  async function bound(org: string): Promise<Daemon> {
    const daemon = await startDaemon({ server: site.control.url });
    const args = ["activate", "--create-org", org, "--org-name", org, "--accept-agreement"];
    const result = await ada.cli(args, { env: daemon.cliEnv });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    await reach(daemon, { state: "bound", connection: "connected" });
    return daemon;
  }

  test("an older backup ends no binding: what it knows goes on, what it does not know is kept by the node", async () => {
    const known = await bound("before");
    const file = inFolder();
    await command(site.control, ["backup", file]);
    const later = await bound("after");
    const held = (await reach(later, { state: "bound" })).binding;

    const { control } = site;
    await stop(control);
    await reach(known, { connection: "unreachable" });
    await command(control, ["restore", file]);
    const { port, metricsPort, dataDir } = control;
    const again = await startControl({ port, metricsPort, dataDir, deviceInterval: "1" });
    await reach(known, { state: "bound", connection: "connected" }, 30_000);
    const status = await reach(later, { state: "bound", connection: "rejected" }, 30_000);
    expect(status.binding).toEqual(held);

    // The mistake is seen, and the newer database put back: the node is as it was, without anybody asking it anything.
    await stop(again);
    const kept = readdirSync(dataDir).find((name) => name.startsWith("control.db.before-restore-")) ?? "";
    await command(control, ["restore", join(dataDir, kept)]);
    await startControl({ port, metricsPort, dataDir, deviceInterval: "1" });
    expect((await reach(later, { state: "bound", connection: "connected" }, 30_000)).binding).toEqual(held);
    await reach(known, { state: "bound", connection: "connected" }, 30_000);
  });
});
