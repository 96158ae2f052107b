// A node's activation by the real program against a small control plane: by itself, asked for, lost, cancelled, unbound.
import { describe, expect, test } from "vitest";
import { onEnd } from "../../support/cleanup.js";
import { startDaemon, type Daemon, type DaemonOptions } from "../../support/programs.js";
import { timed } from "../../support/timed.js";
import { startFakeControlPlane, type FakeControlPlane } from "../../emulators/control-plane.js";
import { ask, reach, statusOf, warningsOf } from "./daemon-client.js";

async function fakeControlPlane(): Promise<FakeControlPlane> {
  const fake = await startFakeControlPlane();
  onEnd(() => fake.stop());
  return fake;
}

/** Ends the daemon and starts it again as the same node. */
async function restart(daemon: Daemon, options: DaemonOptions, signal: NodeJS.Signals = "SIGKILL"): Promise<Daemon> {
  daemon.signal(signal);
  await daemon.exited;
  return startDaemon({ ...options, stateDir: daemon.stateDir, socket: daemon.socket });
}

async function boundDaemon(fake: FakeControlPlane, options: DaemonOptions = {}): Promise<Daemon> {
  const daemon = await startDaemon({ server: fake.url, ...options });
  await reach(daemon, { state: "pending" });
  fake.approve();
  await ask(daemon.socket, "POST", "/v1/activation/check");
  await reach(daemon, { state: "bound", connection: "connected" });
  return daemon;
}

const count = (fake: FakeControlPlane, path: string): number => fake.requests.filter((one) => one.path === path).length;

describe("a request made by the daemon itself", () => {
  test("link, code and number are printed for people, and only there; approval binds and connects", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startDaemon({ server: fake.url, nodeName: "web-1", org: "acme" });
    const pending = await reach(daemon, { state: "pending" });
    const grant = fake.grants[0];
    expect(pending.activation).toMatchObject({ user_code: grant?.userCode, number: "42", issuer: fake.url });
    expect(grant?.form.get("node_name")).toBe("web-1");
    expect(grant?.form.get("expected_org")).toBe("acme");
    expect(grant?.form.get("node_os")).toMatch(/^[\x20-\x7e]{1,64}$/);
    expect(daemon.stdout()).toContain(String(grant?.userCode));
    expect(daemon.stdout()).toContain("Number  42");
    expect(daemon.stdout()).toContain("No QR code: this address can be opened on this machine only.");
    expect(daemon.stderr()).not.toContain(String(grant?.userCode));
    expect(daemon.stderr()).not.toContain(String(grant?.deviceCode));

    const binding = fake.approve();
    const bound = await reach(daemon, { state: "bound", connection: "connected" });
    expect(bound.binding).toMatchObject({ binding_id: binding.binding_id, organization: { id: "acme", name: "Acme" } });
    expect(bound.activation?.state).toBe("approved");
    await expect.poll(() => fake.heartbeats.length).toBeGreaterThan(0);
    expect((await ask(daemon.socket, "GET", "/v1/health/ready")).status).toBe(200);
  });

  test("is kept across restarts, also after SIGKILL", async () => {
    const fake = await fakeControlPlane();
    const options = { server: fake.url };
    const first = await startDaemon(options);
    const before = await reach(first, { state: "pending" });
    const second = await restart(first, options);
    const after = await reach(second, { state: "pending" });
    expect(after.activation).toEqual(before.activation);
    expect(fake.grants.length).toBe(1);
    await second.waitForLog(new RegExp(String(before.activation?.user_code)));
  });

  test("after a denial the daemon waits until somebody asks", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startDaemon({ server: fake.url });
    await reach(daemon, { state: "pending" });
    fake.deny();
    await daemon.waitForLog(/The activation was denied/);
    expect(await statusOf(daemon)).toMatchObject({ state: "unbound", activation: { state: "denied" } });
    expect((await ask(daemon.socket, "POST", "/v1/activation")).body).toMatchObject({ state: "pending" });
    expect(fake.grants.length).toBe(2);
  });
});

describe("a request that the operator asks for", () => {
  test("names the server, is the same for everybody who asks, and stays the daemon's server", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startDaemon();
    expect(await statusOf(daemon)).toMatchObject({ state: "unbound", server: null, connection: "none" });
    expect((await ask(daemon.socket, "POST", "/v1/activation")).body).toMatchObject({ code: "server_required" });
    const body = JSON.stringify({ server: fake.url });
    const answers = await Promise.all([1, 2, 3].map(() => ask(daemon.socket, "POST", "/v1/activation", { body })));
    for (const answer of answers) expect(answer.body).toEqual(answers[0]?.body);
    expect(fake.grants.length).toBe(1);
    expect(daemon.stdout()).not.toContain(String(fake.grants[0]?.userCode));
    expect(daemon.stdout()).not.toContain("Activate this node");
    const other = await ask(daemon.socket, "POST", "/v1/activation", {
      body: JSON.stringify({ server: "http://127.0.0.1:9" }),
    });
    expect(other).toMatchObject({ status: 409, body: { code: "server_mismatch" } });
    fake.approve();
    const checked = await ask(daemon.socket, "POST", "/v1/activation/check");
    expect(checked.body).toMatchObject({ state: "bound", server: fake.url });
    expect((await ask(daemon.socket, "POST", "/v1/activation", { body })).body).toMatchObject({
      code: "already_bound",
    });
  });

  test.each([
    ["ftp://a", "server_invalid"],
    ["http://control.example.com", "server_invalid"],
    ["http://127.0.0.1:9", "control_plane_unreachable"],
  ])("%s is refused as %s", async (server, code) => {
    const daemon = await startDaemon();
    const answer = await ask(daemon.socket, "POST", "/v1/activation", { body: JSON.stringify({ server }) });
    expect(answer.body).toMatchObject({ code });
    expect(await statusOf(daemon)).toMatchObject({ state: "unbound" });
  });

  test("JITNODE_SERVER goes before a server that is named", async () => {
    const fake = await fakeControlPlane();
    await fake.stop();
    const daemon = await startDaemon({ server: fake.url });
    const body = JSON.stringify({ server: "http://127.0.0.1:9" });
    expect((await ask(daemon.socket, "POST", "/v1/activation", { body })).body).toMatchObject({
      code: "server_mismatch",
    });
  });

  test("an expired one is not renewed", async () => {
    const fake = await fakeControlPlane();
    fake.deviceCodeLife = 1;
    const daemon = await startDaemon();
    await ask(daemon.socket, "POST", "/v1/activation", { body: JSON.stringify({ server: fake.url }) });
    await reach(daemon, { state: "unbound" });
    expect((await statusOf(daemon)).activation?.state).toBe("expired");
    expect(fake.grants.length).toBe(1);
  });
});

describe("recovery by key", () => {
  test("an approval while the daemon is down is found at the next start, without another request", async () => {
    const fake = await fakeControlPlane();
    const options = { server: fake.url };
    const first = await startDaemon(options);
    await reach(first, { state: "pending" });
    first.signal("SIGKILL");
    await first.exited;
    fake.approve();
    const second = await restart(first, options);
    await reach(second, { state: "bound", connection: "connected" });
    expect(fake.grants.length).toBe(1);
  });

  test("a code that expired after its approval still binds", async () => {
    const fake = await fakeControlPlane();
    fake.deviceCodeLife = 2;
    const daemon = await startDaemon({ server: fake.url });
    await reach(daemon, { state: "pending" });
    fake.misbehave = ({ path }) => (path.startsWith("/oauth/token") ? "reset" : undefined);
    fake.approve();
    await expect.poll(() => Date.now() > (fake.grants[0]?.expiresAt ?? 0)).toBe(true);
    expect(await statusOf(daemon)).toMatchObject({ state: "pending" });
    fake.misbehave = () => undefined;
    await reach(daemon, { state: "bound" });
    expect(fake.grants.length).toBe(1);
  });

  test("a lost answer to the winning poll costs nothing", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startDaemon({ server: fake.url });
    await reach(daemon, { state: "pending" });
    fake.approve();
    let lost = 0;
    fake.misbehave = ({ path, form }) =>
      path === "/oauth/token" && form.has("device_code") && lost++ === 0 ? "lost" : undefined;
    await reach(daemon, { state: "bound" });
    expect(lost).toBeGreaterThan(0);
  });

  test("a daemon whose memory of the binding was restored from before finds it again", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startDaemon();
    const body = JSON.stringify({ server: fake.url });
    await ask(daemon.socket, "POST", "/v1/activation", { body });
    fake.approve();
    expect((await ask(daemon.socket, "POST", "/v1/activation", { body })).body["state"]).toBe("pending");
    const again = await restart(daemon, {});
    await reach(again, { state: "bound" });
  });
});

describe("cancelling", () => {
  test("revokes the device code, and nothing is asked for until somebody wants it", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startDaemon({ server: fake.url });
    await reach(daemon, { state: "pending" });
    expect((await ask(daemon.socket, "DELETE", "/v1/activation")).status).toBe(204);
    await expect.poll(() => fake.grants[0]?.state).toBe("revoked");
    expect(await statusOf(daemon)).toMatchObject({ state: "unbound", activation: { state: "cancelled" } });
    expect((await ask(daemon.socket, "DELETE", "/v1/activation")).body).toMatchObject({ code: "no_activation" });
    await expect.poll(() => daemon.stderr()).toContain("cancellation settled");
    expect(fake.grants.length).toBe(1);
    expect((await ask(daemon.socket, "POST", "/v1/activation")).body).toMatchObject({ state: "pending" });
  });

  test("while the control plane is away, approved meanwhile, then restarted: nothing comes back", async () => {
    const fake = await fakeControlPlane();
    const first = await startDaemon();
    await ask(first.socket, "POST", "/v1/activation", { body: JSON.stringify({ server: fake.url }) });
    await fake.stop();
    expect((await ask(first.socket, "DELETE", "/v1/activation")).status).toBe(204);
    fake.approve();
    const second = await restart(first, {});
    expect(await statusOf(second)).toMatchObject({ state: "unbound" });
    await fake.listen();
    await expect.poll(() => fake.binding()).toBe(undefined);
    await reach(second, { release_pending: false, state: "unbound" });
    const third = await restart(second, {}, "SIGTERM");
    await ask(third.socket, "POST", "/v1/activation/check");
    expect(await statusOf(third)).toMatchObject({ state: "unbound", release_pending: false });
  });
});

describe("unbinding by the operator", () => {
  test("is confirmed at once when the control plane is there", async () => {
    const fake = await fakeControlPlane();
    const daemon = await boundDaemon(fake);
    const released = await ask(daemon.socket, "DELETE", "/v1/binding");
    expect(released.body).toMatchObject({ confirmed: true });
    expect(fake.binding()).toBe(undefined);
    expect(await statusOf(daemon)).toMatchObject({
      state: "unbound",
      release_pending: false,
      last_unbound: { by: "operator", binding_id: released.body["binding_id"] },
    });
    expect(fake.grants.length).toBe(1);
    expect((await ask(daemon.socket, "DELETE", "/v1/binding")).body).toMatchObject({ code: "not_bound" });
  });

  test("while the control plane is away, then restarts: nothing comes back, and it is told when it is there", async () => {
    const fake = await fakeControlPlane();
    const options = { server: fake.url };
    const first = await boundDaemon(fake, options);
    await fake.stop();
    const released = await ask(first.socket, "DELETE", "/v1/binding");
    expect(released.body).toMatchObject({ confirmed: false });
    expect(await statusOf(first)).toMatchObject({ state: "unbound", release_pending: true });
    expect((await ask(first.socket, "POST", "/v1/activation")).body).toMatchObject({ code: "release_pending" });

    const second = await restart(first, options);
    await reach(second, { state: "unbound", release_pending: true });
    expect(warningsOf(await statusOf(second))).toContain("release_pending");
    await fake.listen();
    await reach(second, { release_pending: false });
    expect(fake.binding()).toBe(undefined);
  });

  test("a control plane restored from a backup is told again instead of being followed", async () => {
    const fake = await fakeControlPlane();
    const first = await boundDaemon(fake);
    const binding = fake.binding();
    await ask(first.socket, "DELETE", "/v1/binding");
    if (binding === undefined) throw new Error("was bound");
    fake.rebind(binding);
    const second = await restart(first, { server: fake.url });
    await expect.poll(() => fake.binding()).toBe(undefined);
    expect(["unbound", "pending"]).toContain((await statusOf(second)).state);
  });
});

describe("what ends a binding", () => {
  test("an administrator's unbind, in well under a second; then the daemon waits", timed, async () => {
    const fake = await fakeControlPlane();
    const daemon = await boundDaemon(fake);
    const since = Date.now();
    fake.unbind();
    const status = await reach(daemon, { state: "unbound" });
    expect(Date.now() - since).toBeLessThan(1000);
    expect(status.last_unbound).toMatchObject({ by: "administrator" });
    await ask(daemon.socket, "POST", "/v1/activation/check");
    expect(fake.grants.length).toBe(1);
  });

  test("an unbind while the daemon was away is learned at its next start", async () => {
    const fake = await fakeControlPlane();
    const first = await boundDaemon(fake);
    first.signal("SIGTERM");
    await first.exited;
    fake.unbind();
    const second = await restart(first, { server: fake.url });
    await reach(second, ({ last_unbound }) => last_unbound?.by === "administrator");
  });

  test.each([
    ["a control plane that knows nothing of the node", (fake: FakeControlPlane) => fake.forget(), "rejected"],
    [
      "another control plane at the same address",
      (fake: FakeControlPlane) => (fake.controlPlaneId = "another-control-plane"),
      "foreign_control_plane",
    ],
    ["HTML", (fake: FakeControlPlane) => (fake.misbehave = () => "html"), "unreachable"],
    ["500", (fake: FakeControlPlane) => (fake.misbehave = () => "error"), "unreachable"],
    [
      "an unbound state of another binding",
      (fake: FakeControlPlane) =>
        (fake.bindingAnswer = (answer) => ({
          ...answer,
          state: "unbound",
          binding_id: "JB_1111111111111111",
          at: new Date().toISOString(),
          by: "administrator",
        })),
      "rejected",
    ],
    [
      "an unbound state without a binding",
      (fake: FakeControlPlane) =>
        (fake.bindingAnswer = ({ node_id, control_plane_id }) => ({ state: "unbound", node_id, control_plane_id })),
      "rejected",
    ],
    [
      "a binding of another node",
      (fake: FakeControlPlane) => (fake.bindingAnswer = (answer) => ({ ...answer, node_id: "JN_1111111111111111" })),
      "rejected",
    ],
  ])("not %s", async (_name, change, connection) => {
    const fake = await fakeControlPlane();
    const options = { server: fake.url };
    const daemon = await boundDaemon(fake, options);
    const before = (await statusOf(daemon)).binding;
    change(fake);
    fake.closeStreams();
    const status = await reach(daemon, (one) => one.connection === connection);
    expect(status.binding).toEqual(before);
    expect(fake.grants.length).toBe(1);
  });

  test("another binding is a conflict unless it says that it replaces this one", async () => {
    const fake = await fakeControlPlane();
    const daemon = await boundDaemon(fake);
    const held = fake.binding();
    if (held === undefined) throw new Error("was bound");
    const other = {
      binding_id: "JB_2222222222222222",
      organization: { id: "other", name: "Other" },
      bound_at: held.bound_at,
    };
    fake.rebind(other);
    const conflict = await reach(daemon, (status) => warningsOf(status).includes("binding_conflict"));
    expect(conflict.binding?.binding_id).toBe(held.binding_id);
    fake.rebind({ ...other, replaces: held.binding_id });
    const moved = await reach(daemon, (status) => status.binding?.binding_id === other.binding_id);
    expect(moved).toMatchObject({ state: "bound", binding: { organization: { id: "other" } } });
  });
});

describe("a bound daemon", () => {
  test("stays bound when it is restarted while nobody knows it any more", async () => {
    const fake = await fakeControlPlane();
    const daemon = await boundDaemon(fake);
    const before = (await statusOf(daemon)).binding;
    fake.forget();
    const again = await restart(daemon, { server: fake.url });
    expect((await reach(again, { connection: "rejected" })).binding).toEqual(before);
    expect(fake.grants.length).toBe(1);
  });

  test("follows the server of its binding, not JITNODE_SERVER, and says so", async () => {
    const fake = await fakeControlPlane();
    const daemon = await boundDaemon(fake);
    const again = await restart(daemon, { server: "http://127.0.0.1:9" });
    const status = await reach(again, { connection: "connected" });
    expect(status.server).toBe(fake.url);
    expect(warningsOf(status)).toContain("server_conflict");
  });

  test("reconnects at once when the stream ends, and after a while when the control plane was away", async () => {
    const fake = await fakeControlPlane();
    const daemon = await boundDaemon(fake);
    await fake.stop();
    await reach(daemon, { connection: "unreachable", state: "bound" });
    await fake.listen();
    await reach(daemon, { connection: "connected" });
    expect(fake.streams()).toBe(1);
  });

  test("is not called connected between two streams, even when the next one soon is there", async () => {
    const fake = await fakeControlPlane();
    const daemon = await boundDaemon(fake);
    const { connection_since: before } = await reach(daemon, { connection: "connected" });
    fake.closeStreams();
    await reach(daemon, (status) => status.connection === "connected" && status.connection_since !== before);
  });

  test("warns of clocks two hours apart, and works", async () => {
    const fake = await fakeControlPlane();
    fake.clockOffset = 2 * 60 * 60 * 1000;
    const status = await statusOf(await boundDaemon(fake));
    expect(warningsOf(status)).toContain("clock_skew");
    expect(status.clock_offset_seconds).toBeGreaterThan(7000);
  });

  test("shows a possible copy, and numbers its heartbeats across restarts", async () => {
    const fake = await fakeControlPlane();
    fake.possibleCopy = true;
    const daemon = await boundDaemon(fake);
    await reach(daemon, (status) => warningsOf(status).includes("possible_copy"));
    const again = await restart(daemon, { server: fake.url });
    await reach(again, { connection: "connected" });
    await expect.poll(() => fake.heartbeats.length).toBe(2);
    const [first, second] = fake.heartbeats;
    expect(Number(second?.["seq"])).toBeGreaterThan(Number(first?.["seq"]));
    expect(second?.["boot_id"]).not.toBe(first?.["boot_id"]);
    expect(count(fake, "/v1/node/heartbeat")).toBeGreaterThanOrEqual(2);
  });
});
