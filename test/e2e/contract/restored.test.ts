// A control plane that knows less than it did, or is another one at the same URL, while a real node is bound: the binding
// stays with the node, and what its operator has ended does not come back.
import Database from "better-sqlite3";
import { copyFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Status } from "../../../src/protocol/local.js";
import { ask, reach, warningsOf, warningsAnywhere } from "../../integration/daemon/daemon-client.js";
import { openDatabase, type Row } from "../../property/rows.js";
import { freePort, runCli, startControl, startDaemon, type Control, type Daemon } from "../../support/programs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { createPageClient, type PageClient } from "../page-client.js";

const scope = "file";
const ada = { login: "ada", name: "Ada", password: "correct horse battery staple" };

let port = 0;
let url = "";
let control: Control | undefined;
let daemon: Daemon;
let browser: PageClient;
/** The one that everything happened at, and copies of it as of some moment. */
let live = "";
const copies = new Map<string, string>();
/** The node's state before it ever was bound. */
let early = "";
let bound: NonNullable<Status["binding"]>;

async function stopControl(): Promise<void> {
  control?.signal("SIGTERM");
  await control?.exited;
  control = undefined;
}

async function serve(dataDir: string, publicUrl = url): Promise<void> {
  await stopControl();
  const env = { JITNODE_LOG_LEVEL: "warn" };
  control = await startControl({ scope, port, dataDir, publicUrl, deviceInterval: "1", env });
}

function copyOf(folder: string): string {
  const copy = temporaryFolder({ scope });
  cpSync(folder, copy, { recursive: true, filter: (file) => !file.endsWith(".sock") });
  return copy;
}

/** Keeps the live one as it is now, under a name, while it runs. */
async function backUp(name: string): Promise<void> {
  const folder = temporaryFolder({ scope });
  const database = new Database(join(live, "control.db"), { fileMustExist: true });
  await database.backup(join(folder, "control.db"));
  database.close();
  copyFileSync(join(live, "control.key"), join(folder, "control.key"));
  copies.set(name, folder);
}

/** What a backup system does: the data as of then, in the place of the data as of now. */
const restore = (name: string): Promise<void> => serve(copyOf(copies.get(name) ?? ""));

async function restartDaemon(): Promise<void> {
  daemon.signal("SIGTERM");
  await daemon.exited;
  daemon = await startDaemon({ scope, server: url, stateDir: daemon.stateDir });
}

async function activate(node: Daemon, by: PageClient, fields: Readonly<Record<string, string>>): Promise<Status> {
  await ask(node.socket, "POST", "/v1/activation", { body: "{}" });
  const { activation } = await reach(node, { state: "pending" });
  const { user_code: code = "", number = "" } = activation ?? {};
  const asked = await by.submit((await by.get("/activate")).form("/activate"), { code });
  await by.submit(asked.form(`/activate/${code}`), { number, ...fields }, "Approve");
  await ask(node.socket, "POST", "/v1/activation/check");
  return await reach(node, { state: "bound", connection: "connected" });
}

async function setUp(): Promise<PageClient> {
  const page = createPageClient(url);
  const link = (await control?.waitForLog(/\/set-up\//))?.trim() ?? "";
  await page.submit((await page.get(new URL(link).pathname)).form(), ada);
  return page;
}

const create = { organization: "create", org_id: "acme", org_name: "Acme", consent: "yes" };

async function bindings(): Promise<readonly Row[]> {
  const database = await openDatabase({ file: join(control?.dataDir ?? "", "control.db") });
  try {
    return (await database.read()).bindings;
  } finally {
    await database.close();
  }
}

test("a node is bound, released and bound again, and backups are made of each", async () => {
  port = await freePort();
  url = `http://127.0.0.1:${String(port)}`;
  live = temporaryFolder({ scope });
  await serve(live);
  browser = await setUp();
  await backUp("before the node");

  daemon = await startDaemon({ scope, server: url });
  early = copyOf(daemon.stateDir);
  const first = await activate(daemon, browser, create);
  await backUp("bound before");
  expect((await ask(daemon.socket, "DELETE", "/v1/binding")).body).toMatchObject({ confirmed: true });
  await backUp("released");
  const second = await activate(daemon, browser, { organization: "use:acme" });
  if (second.binding === null) throw new Error("a bound node has a binding");
  bound = second.binding;
  expect(bound.binding_id).not.toBe(first.binding?.binding_id);
});

test("restored to before it knew the node: rejected, and bound all the same", async () => {
  await restore("before the node");
  // Without a restart: the daemon comes back by itself and finds a stranger.
  expect(await reach(daemon, { connection: "rejected" })).toMatchObject({ state: "bound", binding: bound });
  const status = await runCli(["status", "--json"], { env: daemon.cliEnv });
  expect([status.code, JSON.parse(status.stdout)]).toMatchObject([0, { state: "bound", connection: "rejected" }]);
  expect((await runCli(["health"], { env: daemon.cliEnv })).code).toBe(0);
  await restartDaemon();
  expect(await reach(daemon, { connection: "rejected" })).toMatchObject({
    state: "bound",
    binding: bound,
    activation: null,
  });
});

test("restored to when an earlier binding had ended: that is not the end of this one", async () => {
  await restore("released");
  await restartDaemon();
  expect(await reach(daemon, { connection: "rejected" })).toMatchObject({ state: "bound", binding: bound });
});

test("restored to an earlier binding: it is not taken for the one that is held", async () => {
  await restore("bound before");
  await restartDaemon();
  const status = await reach(daemon, { connection: "rejected" });
  expect(status).toMatchObject({ state: "bound", binding: bound });
  expect(warningsOf(status)).toContain("binding_conflict");
});

test("replaced by an empty one, which then binds the same key: foreign, whatever it says", async () => {
  await serve(temporaryFolder({ scope }));
  await restartDaemon();
  expect(await reach(daemon, { connection: "rejected" })).toMatchObject({ state: "bound", binding: bound });

  // A copy of the node, from before it was bound, is activated there.
  const other = await setUp();
  const twin = await startDaemon({ server: url, stateDir: early });
  const elsewhere = await activate(twin, other, { ...create, org_id: "elsewhere" });
  expect(elsewhere.node).toEqual((await reach(daemon, {})).node);
  await restartDaemon();
  expect(await reach(daemon, { connection: "foreign_control_plane" })).toMatchObject({
    state: "bound",
    binding: bound,
  });
  // It also ends there, which is the twin's affair.
  expect((await ask(twin.socket, "DELETE", "/v1/binding")).body).toMatchObject({ confirmed: true });
  await restartDaemon();
  expect(await reach(daemon, { connection: "foreign_control_plane" })).toMatchObject({
    state: "bound",
    binding: bound,
  });
});

test("the true one comes back, and all is as it was", async () => {
  await serve(live);
  await restartDaemon();
  const status = await reach(daemon, { connection: "connected" });
  expect(status).toMatchObject({ state: "bound", binding: bound });
  expect(warningsAnywhere(status)).toEqual([]);
  expect((await browser.get("/")).text).toContain("Acme");
});

test("under another public URL: the node stays bound and says what the control plane calls itself by", async () => {
  await serve(live, `http://localhost:${String(port)}`);
  await expect
    .poll(async () => (await reach(daemon, { state: "bound" })).connection_problem)
    .toMatchObject({ code: "control_plane_mismatch" });
  await serve(live);
  expect(await reach(daemon, { connection: "connected" })).toMatchObject({ binding: bound, connection_problem: null });
});

test("released while it is away: said when it is back, and not undone by a backup in which it was bound", async () => {
  await stopControl();
  expect((await ask(daemon.socket, "DELETE", "/v1/binding")).body).toMatchObject({ confirmed: false });
  await restartDaemon();
  const pending = await reach(daemon, { release_pending: true });
  expect([pending.state, pending.binding, warningsOf(pending)]).toEqual([
    "unbound",
    null,
    expect.arrayContaining(["release_pending"]),
  ]);
  await serve(live);
  await reach(daemon, { release_pending: false });
  const [last] = (await bindings()).filter((row) => row["id"] === bound.binding_id);
  expect(last).toMatchObject({ ended_by: "operator" });

  // There it is bound, by a binding that this operator has ended.
  await restore("bound before");
  expect((await bindings()).map((row) => row["ended_by"])).toEqual([null]);
  await restartDaemon();
  await expect.poll(async () => (await bindings()).map((row) => row["ended_by"])).toEqual(["operator"]);
  expect(await reach(daemon, { release_pending: false })).toMatchObject({ binding: null });
});
