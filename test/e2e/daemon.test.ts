// The daemon and the control plane as the programs they are: the whole life of a binding, and what may happen to either.
import { randomInt } from "node:crypto";
import { cpSync, rmSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Status } from "../../src/protocol/local.js";
import { freePort, startControl, startDaemon, type Control, type Daemon } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { timed } from "../support/timed.js";
import { startOwnDaemon } from "../integration/daemon/own-daemon.js";
import { ask, reach, statusOf, warningsOf } from "../integration/daemon/daemon-client.js";
import { startSite, type CliSite, type Person } from "./cli-site.js";

const tls = {
  certFile: new URL("../fixtures/tls/localhost.pem", import.meta.url).pathname,
  keyFile: new URL("../fixtures/tls/localhost.key", import.meta.url).pathname,
};

let site: CliSite;
let ada: Person;
let control: Control;

beforeAll(async () => {
  site = await startSite({ scope: "file" });
  ada = await site.person("ada");
  control = site.control;
  expect((await ada.signIn(site.env)).code).toBe(0);
});

const create = (id: string): readonly string[] => [
  "activate",
  "--create-org",
  id,
  "--org-name",
  "An org",
  "--accept-agreement",
];

async function bound(org: string): Promise<Daemon> {
  const daemon = await startDaemon({ server: control.url, nodeName: "web-1" });
  const result = await ada.cli(create(org), { env: daemon.cliEnv });
  expect(result, result.stderr).toMatchObject({ code: 0 });
  await reach(daemon, { state: "bound", connection: "connected" });
  return daemon;
}

async function stopControl(signal: NodeJS.Signals): Promise<void> {
  control.signal(signal);
  await control.exited;
}

/** The same control plane again: same port, same data unless said otherwise. */
async function startControlAgain(dataDir = site.control.dataDir): Promise<void> {
  const { port, metricsPort } = site.control;
  control = await startControl({ port, metricsPort, dataDir, deviceInterval: "1", scope: "file" });
}

async function killAndStartAgain(daemon: Daemon): Promise<Daemon> {
  daemon.signal("SIGKILL");
  await daemon.exited;
  return startDaemon({ server: control.url, stateDir: daemon.stateDir, socket: daemon.socket });
}

async function nodesOf(org: string): Promise<readonly Record<string, unknown>[]> {
  const result = await ada.cli(["org", "nodes", "--org", org, "--json"], { env: site.env });
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return (JSON.parse(result.stdout) as { readonly items: readonly Record<string, unknown>[] }).items;
}

const isRefused = ({ connection }: Status): boolean =>
  connection === "rejected" || connection === "foreign_control_plane";

describe("a node and its control plane", () => {
  test("approval, heartbeat, an administrator's unbind in well under a second", timed, async () => {
    const org = `first-${String(randomInt(1_000_000))}`;
    const daemon = await bound(org);
    await expect.poll(async () => (await statusOf(daemon)).last_heartbeat_at).not.toBe(null);
    const [node] = await nodesOf(org);
    expect(node).toMatchObject({ id: (await statusOf(daemon)).node.id, name: "web-1", state: "connected" });
    const times: number[] = [];
    const watching = reach(daemon, { state: "unbound" }).then((status) => (times.push(performance.now()), status));
    const unbind = await ada.cli(["node", "unbind", String(node?.["id"]), "--org", org, "--yes"], {
      env: site.env,
    });
    const answered = performance.now();
    expect(unbind, unbind.stderr).toMatchObject({ code: 0 });
    expect((await watching).last_unbound).toMatchObject({ by: "administrator" });
    expect((times[0] ?? Infinity) - answered).toBeLessThan(1000);
    expect(await nodesOf(org)).toEqual([]);
  });

  test("the operator's unbind is known to the control plane when it returns", async () => {
    const daemon = await bound("second");
    expect((await ask(daemon.socket, "DELETE", "/v1/binding")).body).toMatchObject({ confirmed: true });
    expect(await nodesOf("second")).toEqual([]);
  });

  test.each([2, -2])("a machine whose clock is %i hours off activates, connects and warns", async (hours) => {
    const daemon = await startOwnDaemon({ server: control.url, ahead: hours * 60 * 60 * 1000 });
    await reach(daemon, { state: "pending" });
    const result = await ada.cli(create(`skewed-${hours > 0 ? "ahead" : "behind"}`), {
      env: { JITNODE_SOCKET: daemon.socket },
    });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    const status = await reach(daemon, { state: "bound", connection: "connected" });
    expect(warningsOf(status)).toContain("clock_skew");
    await expect.poll(async () => (await statusOf(daemon)).last_heartbeat_at).not.toBe(null);
  });
});

describe("a control plane that goes away", () => {
  test("killed and started again, it finds its node connected", async () => {
    const daemon = await bound("killed");
    await stopControl("SIGKILL");
    await reach(daemon, { state: "bound", connection: "unreachable" });
    await startControlAgain();
    await reach(daemon, { state: "bound", connection: "connected" });
  });

  test("unbound by the operator meanwhile, the daemon restarted: nothing comes back", async () => {
    const daemon = await bound("unbound");
    await stopControl("SIGKILL");
    expect((await ask(daemon.socket, "DELETE", "/v1/binding")).body).toMatchObject({ confirmed: false });
    const again = await killAndStartAgain(daemon);
    await reach(again, { state: "unbound", release_pending: true });
    await startControlAgain();
    expect((await reach(again, { release_pending: false })).binding).toBe(null);
    expect(await nodesOf("unbound")).toEqual([]);
  });

  test("cancelled by the operator meanwhile: the code is dead when it is back", async () => {
    const daemon = await startDaemon({ server: control.url });
    const { activation } = await reach(daemon, { state: "pending" });
    const code = String(activation?.user_code);
    await stopControl("SIGTERM");
    expect((await ask(daemon.socket, "DELETE", "/v1/activation")).status).toBe(204);
    await startControlAgain();
    await daemon.waitForLog(/cancellation settled/);
    const entered = await ada.browser.get(`/activate?code=${code}`);
    const asked = await ada.browser.submit(entered.form("/activate"), { code });
    expect(asked.forms.some(({ action }) => action.endsWith(code))).toBe(false);
    expect(await statusOf(daemon)).toMatchObject({ state: "unbound", binding: null });
  });

  test("replaced by an empty one at the same address: the binding stays", async () => {
    const daemon = await bound("emptied");
    const before = (await statusOf(daemon)).binding;
    await stopControl("SIGTERM");
    await startControlAgain(temporaryFolder({ scope: "file" }));
    expect((await reach(daemon, isRefused)).binding).toEqual(before);
    const again = await killAndStartAgain(daemon);
    expect((await reach(again, isRefused)).binding).toEqual(before);
    await stopControl("SIGTERM");
    await startControlAgain();
    await reach(again, { state: "bound", connection: "connected" });
  });

  test("restored from a backup older than the binding: the binding stays", async () => {
    await stopControl("SIGTERM");
    const backup = temporaryFolder();
    cpSync(site.control.dataDir, backup, { recursive: true });
    await startControlAgain();
    const daemon = await bound("restored");
    const before = (await statusOf(daemon)).binding;
    await stopControl("SIGTERM");
    rmSync(site.control.dataDir, { recursive: true });
    cpSync(backup, site.control.dataDir, { recursive: true });
    await startControlAgain();
    expect(await reach(daemon, { connection: "rejected" })).toMatchObject({ state: "bound", binding: before });
  });
});

describe("what stands between them", () => {
  test("a control plane with another public URL is not talked to", async () => {
    const control = await startControl({ publicUrl: "http://localhost:1" });
    const daemon = await startDaemon();
    const answer = await ask(daemon.socket, "POST", "/v1/activation", {
      body: JSON.stringify({ server: control.url }),
    });
    expect(answer).toMatchObject({ status: 502, body: { code: "control_plane_mismatch" } });
  });

  test("a certificate nobody knows is refused, and taken with its authority", async () => {
    const port = await freePort();
    const secure = await startControl({ port, publicUrl: `https://127.0.0.1:${port}`, tls });
    const body = JSON.stringify({ server: secure.url });
    const distrustful = await startDaemon();
    const refused = await ask(distrustful.socket, "POST", "/v1/activation", { body });
    expect(refused.body).toMatchObject({ code: "control_plane_certificate" });
    const trusting = await startDaemon({ env: { JITNODE_SERVER_CA_FILE: tls.certFile } });
    const taken = await ask(trusting.socket, "POST", "/v1/activation", { body });
    expect(taken.body).toMatchObject({ state: "pending", issuer: secure.url });
  });
});
