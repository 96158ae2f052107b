// Records test/fixtures/state/<schema>, or with JITNODE_RECORD_DATABASE its folder postgres: lets the programs of
// JITNODE_TEST_ROOT live through a day, and keeps what is on disk, or in the database, afterwards.
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reach, statusOf } from "../integration/daemon/daemon-client.js";
import { startSite } from "../e2e/cli-site.js";
import { runControl, startDaemon, type Daemon } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { recordedAddress, recordedNodes, stateFolder } from "../e2e/recorded-state.js";

test("record", async () => {
  const schema = process.env["JITNODE_RECORD"];
  const databaseUrl = process.env["JITNODE_RECORD_DATABASE"];
  if (schema === undefined || process.env["JITNODE_TEST_ROOT"] === undefined) {
    throw new Error("JITNODE_RECORD=<schema> and JITNODE_TEST_ROOT=<the old checkout>: see README.md");
  }
  const folder = stateFolder(schema, databaseUrl === undefined ? "sqlite" : "postgres");
  if (existsSync(folder)) throw new Error(`${folder} is there: it is never recorded again`);

  const url = `http://${recordedAddress}`;
  // Known by the recorded address, and reached by 127.0.0.1 for the accounts.
  const port = Number(new URL(url).port);
  const keyFile = join(temporaryFolder(), "control.key");
  if (databaseUrl !== undefined) writeFileSync(keyFile, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  const { control, person } = await startSite({
    publicUrl: url,
    port,
    env: { JITNODE_CONTROL_LISTEN: `0.0.0.0:${port}` },
    ...(databaseUrl === undefined ? {} : { databaseUrl, keyFile }),
  });
  const ada = await person("ada");
  const bob = await person("bob");
  const env = { JITNODE_SERVER: url };
  for (const somebody of [ada, bob]) expect((await somebody.signIn(env)).code).toBe(0);

  const node = async (org: string): Promise<Daemon> => {
    const daemon = await startDaemon({ server: url, nodeName: `recorded-${org}` });
    const args = ["activate", "--create-org", org, "--org-name", `The ${org}`, "--accept-agreement"];
    const result = await ada.cli(args, { env: daemon.cliEnv });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    await reach(daemon, { state: "bound", connection: "connected" });
    return daemon;
  };
  const bound = await node("acme");
  const unbound = await node("former");
  expect((await ada.cli(["node", "unbind", "--yes"], { env: unbound.cliEnv })).code).toBe(0);
  await reach(unbound, { state: "unbound" });
  const code = (await ada.cli(["org", "code", "--org", "acme"], { env })).stdout.trim();
  expect((await bob.cli(["org", "join", "--binding-code-file", "-"], { env, stdin: code })).code).toBe(0);
  expect((await runControl(["invite"], { env: control.env })).code).toBe(0);

  const facts = {
    schema: Number(schema),
    bindingCode: code,
    bound: (await statusOf(bound)).binding,
    boundNode: (await statusOf(bound)).node.id,
    unboundNode: (await statusOf(unbound)).node.id,
  };
  for (const program of [bound, unbound, control]) {
    program.signal("SIGTERM");
    await program.exited;
  }
  for (const part of ["control", ...Object.keys(recordedNodes)]) mkdirSync(join(folder, part), { recursive: true });
  const nodes = { bound: bound.stateDir, unbound: unbound.stateDir };
  for (const [part, files] of Object.entries(recordedNodes)) {
    for (const file of files) copyFileSync(join(nodes[part as keyof typeof nodes], file), join(folder, part, file));
  }
  if (databaseUrl === undefined) {
    for (const file of ["control.db", "control.key"]) {
      copyFileSync(join(control.dataDir, file), join(folder, "control", file));
    }
  } else {
    // In SQL that every client can run: the server of the tests is another one, of another version.
    const sql = execFileSync("pg_dump", ["--inserts", "--no-owner", "--no-privileges", databaseUrl]);
    writeFileSync(join(folder, "control", "dump.sql"), sql);
    copyFileSync(keyFile, join(folder, "control", "control.key"));
  }
  writeFileSync(join(folder, "facts.json"), `${JSON.stringify(facts, null, 2)}\n`);
});
