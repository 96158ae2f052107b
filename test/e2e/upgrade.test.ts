// What earlier versions left on disk, opened by this one: people, organizations and bindings go on.
import Database from "better-sqlite3";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { migrationNames } from "../../src/control/store/migrate.js";
import { reach, statusOf } from "../integration/daemon/daemon-client.js";
import { runControl, startControl, startDaemon, startCli, type ControlOptions } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { createPageClient } from "./page-client.js";
import { readShown, resultOf } from "./cli-site.js";
import { copyRecorded, loadDump, recordedAddress, recordedSchemas, type RecordedDatabase } from "./recorded-state.js";

const url = `http://${recordedAddress}`;

/** On the address that the recorded bindings name. */
async function startOn(options: ControlOptions) {
  const env = { JITNODE_CONTROL_LISTEN: recordedAddress };
  const control = await startControl({ ...options, publicUrl: url, env, wait: false, deviceInterval: "1" });
  await control.waitForLog(/control plane listens/, 30_000);
  return control;
}

test("there is a recorded state of every schema", () => {
  expect(recordedSchemas()).toEqual(migrationNames.map((_name, index) => String(index + 1)));
});

/** What the recorded control plane is started on, and how many migrations its database has afterwards. */
async function prepare(database: RecordedDatabase, control: string) {
  if (database === "sqlite") {
    const migrations = (): Promise<number> => {
      const opened = new Database(join(control, "control.db"), { readonly: true });
      expect(opened.pragma("integrity_check", { simple: true })).toBe("ok");
      const { n } =
        opened.prepare<[], { readonly n: number }>("select count(*) as n from kysely_migration").get() ?? {};
      opened.close();
      return Promise.resolve(n ?? 0);
    };
    return { options: { dataDir: control }, migrations };
  }
  const { url: databaseUrl } = await loadDump(join(control, "dump.sql"));
  const migrations = async (): Promise<number> => {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const { rowCount } = await client.query("select name from kysely_migration");
    await client.end();
    return rowCount ?? 0;
  };
  return { options: { databaseUrl, keyFile: join(control, "control.key") }, migrations };
}

describe.each(recordedSchemas())("schema %s", (schema) => {
  test.each(["sqlite", "postgres"] as const)(
    "on %s the control plane is migrated by its start; nodes and people find everything as it was",
    async (database) => {
      const { folder, facts } = copyRecorded(schema, database);
      const { options, migrations } = await prepare(database, join(folder, "control"));
      expect(await migrations()).toBe(facts.schema);
      const control = await startOn(options);

      const bound = await startDaemon({ stateDir: join(folder, "bound"), server: url });
      const status = await reach(bound, { state: "bound", connection: "connected" }, 30_000);
      expect(status.binding).toEqual(facts.bound);
      expect(status.node.id).toBe(facts.boundNode);
      await reach(bound, (now) => now.last_heartbeat_at !== null, 30_000);
      const unbound = await startDaemon({ stateDir: join(folder, "unbound") });
      expect(await statusOf(unbound)).toMatchObject({ state: "unbound", node: { id: facts.unboundNode } });

      const accounts = await runControl(["account", "list"], { env: control.env });
      expect(accounts.stdout).toMatch(/ {2}ada {2}ada\n.* {2}bob {2}bob\n/);

      // A password of then, a terminal of now, and a code that was encrypted then.
      const browser = createPageClient(url);
      const page = await browser.get("/sign-in");
      await browser.submit(page.form("/sign-in"), { login: "ada", password: "correct horse battery staple" });
      const home = temporaryFolder();
      const login = startCli(["login"], { home, env: { JITNODE_SERVER: url } });
      const shown = await readShown(login);
      const link = new URL(shown.link);
      const entered = await browser.get(link.pathname + link.search);
      const asked = await browser.submit(entered.form("/activate"), { code: shown.code });
      await browser.submit(asked.form(`/activate/${shown.code}`), { number: shown.number }, "Approve");
      expect((await resultOf(login)).code).toBe(0);
      const code = await resultOf(startCli(["org", "code", "--org", "acme"], { home, env: { JITNODE_SERVER: url } }));
      expect(code, code.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(facts.bindingCode) });

      control.signal("SIGTERM");
      expect((await control.exited).code).toBe(0);
      expect(await migrations()).toBe(migrationNames.length);
    },
  );

  test("its database is restored as a backup, and started", async () => {
    const { folder } = copyRecorded(schema);
    const dataDir = temporaryFolder();
    copyFileSync(join(folder, "control", "control.key"), join(dataDir, "control.key"));
    const env = { JITNODE_CONTROL_DATA_DIR: dataDir };
    const restored = await runControl(["restore", join(folder, "control", "control.db")], { env });
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`(schema ${schema})`) });
    const control = await startControl({ dataDir });
    expect((await runControl(["account", "list"], { env: control.env })).stdout).toContain("ada");
  });
});
