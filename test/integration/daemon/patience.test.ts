// What the daemon does over minutes and hours, with a clock that runs faster: renewals, polling, heartbeats, backing off.
import { describe, expect, test } from "vitest";
import { onEnd } from "../../support/cleanup.js";
import { startFakeControlPlane, type FakeControlPlane } from "../../emulators/control-plane.js";
import { ask, reach, statusOf, warningsOf } from "./daemon-client.js";
import { startOwnDaemon } from "./own-daemon.js";

async function fakeControlPlane(): Promise<FakeControlPlane> {
  const fake = await startFakeControlPlane();
  onEnd(() => fake.stop());
  return fake;
}

const overlay = "10 1 0:1 / / rw - overlay overlay rw\n";

describe("a request made by the daemon itself", () => {
  test("is renewed five times in an hour, then the daemon says how to go on and waits", async () => {
    const fake = await fakeControlPlane();
    fake.interval = 300;
    const daemon = await startOwnDaemon({ server: fake.url, speed: 3000 });
    await expect.poll(daemon.printed).toContain("Nobody activated this node in time");
    expect(fake.grants.length).toBe(6);
    expect(await statusOf(daemon)).toMatchObject({ state: "unbound", activation: { state: "expired" } });
    expect(daemon.logged()).not.toContain(String(fake.grants[0]?.userCode));
    const asked = fake.requests.length;
    expect((await ask(daemon.socket, "GET", "/v1/health/live")).status).toBe(200);
    expect(fake.requests.length).toBe(asked);
    expect((await ask(daemon.socket, "POST", "/v1/activation")).status).toBe(200);
    expect(fake.grants.length).toBe(7);
  });

  test("polls no faster than it may, and slower after slow_down", async () => {
    const fake = await fakeControlPlane();
    fake.interval = 5;
    const daemon = await startOwnDaemon({ server: fake.url, speed: 20 });
    await reach(daemon, { state: "pending" });
    const times: number[] = [];
    fake.misbehave = ({ form }) => {
      if (form.has("device_code")) times.push(performance.now());
      fake.slowDown = times.length <= 2;
      return undefined;
    };
    await expect.poll(() => times.length).toBe(4);
    const gaps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) * 20);
    expect(gaps[0]).toBeGreaterThan(9_900);
    expect(gaps[1]).toBeGreaterThan(14_900);
    expect(gaps[2]).toBeGreaterThan(14_900);
  });

  test.each(["html", "error", "huge", "garbage", "reset"] as const)(
    "a control plane that answers %s is lived through",
    async (how) => {
      const fake = await fakeControlPlane();
      fake.misbehave = () => how;
      const daemon = await startOwnDaemon({ server: fake.url, speed: 20 });
      await reach(daemon, { connection: "unreachable", state: "unbound" });
      fake.misbehave = () => undefined;
      await reach(daemon, { state: "pending", connection: "none" });
      fake.misbehave = () => how;
      await reach(daemon, { state: "pending", connection: "unreachable" });
      fake.misbehave = () => undefined;
      fake.approve();
      await reach(daemon, { state: "bound", connection: "connected" });
      expect(fake.grants.length).toBe(1);
    },
  );

  test("a control plane that is away is asked less and less often", async () => {
    const fake = await fakeControlPlane();
    fake.misbehave = () => "reset";
    const daemon = await startOwnDaemon({ server: fake.url, speed: 200 });
    await expect.poll(() => fake.requests.length).toBeGreaterThan(8);
    const asked = fake.requests.length;
    const since = performance.now();
    await expect.poll(() => fake.requests.length, { interval: 5 }).toBe(asked + 2);
    expect((performance.now() - since) * 200).toBeGreaterThan(30_000);
    expect((await statusOf(daemon)).connection).toBe("unreachable");
  });
});

describe("a bound daemon", () => {
  test("sends a heartbeat about once a minute, each with the next number", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startOwnDaemon({ server: fake.url, speed: 200 });
    await reach(daemon, { state: "pending" });
    const pings = setInterval(fake.ping, 25_000 / 200);
    onEnd(() => clearInterval(pings));
    const times: number[] = [];
    fake.misbehave = ({ path }) => {
      if (path === "/v1/node/heartbeat") times.push(performance.now());
      return undefined;
    };
    fake.approve();
    await expect.poll(() => fake.heartbeats.length).toBeGreaterThan(4);
    const sequence = fake.heartbeats.map(({ seq }) => seq);
    expect(sequence).toEqual(sequence.map((_seq, index) => index + 1));
    // Four pauses of 60 s ± 20 %; the last quarter is for a busy machine.
    expect(((times[4] ?? 0) - (times[0] ?? 0)) * 200).toBeGreaterThan(4 * 48_000 * 0.75);
    expect(fake.requests.filter(({ path }) => path === "/v1/node/events").length).toBe(1);
    expect((await statusOf(daemon)).last_heartbeat_at).not.toBe(null);
  });

  test("a stream that falls silent is given up and opened again", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startOwnDaemon({ server: fake.url, speed: 200 });
    await reach(daemon, { state: "pending" });
    fake.approve();
    await reach(daemon, { connection: "connected" });
    const opened = () => fake.requests.filter(({ path }) => path === "/v1/node/events").length;
    await expect.poll(opened).toBeGreaterThan(2);
    expect((await statusOf(daemon)).state).toBe("bound");
  });
});

describe("a state directory on a container's writable layer", () => {
  test("is warned of before anything else is printed, and in the status", async () => {
    const fake = await fakeControlPlane();
    const daemon = await startOwnDaemon({ server: fake.url, mountinfo: overlay });
    const status = await reach(daemon, { state: "pending" });
    expect(warningsOf(status)).toContain("state_on_container_layer");
    expect(daemon.printed().indexOf("WARNING")).toBeGreaterThan(-1);
    expect(daemon.printed().indexOf("WARNING")).toBeLessThan(daemon.printed().indexOf("Activate this node"));
    expect(daemon.logged()).toContain("writable layer");
  });

  test("a volume there is nothing to warn of", async () => {
    const stateDir = (await startOwnDaemon()).stateDir;
    const mountinfo = `${overlay}11 10 8:1 /v ${stateDir.slice(0, stateDir.lastIndexOf("/"))} rw - ext4 /dev/sda1 rw\n`;
    const daemon = await startOwnDaemon({ mountinfo });
    expect(warningsOf(await statusOf(daemon))).toEqual([]);
    expect(daemon.printed()).toBe("");
  });
});

describe("a link that can be opened elsewhere", () => {
  test("is printed with a QR code", async () => {
    const { createNotices } = await import("../../../src/daemon/services/notices.js");
    let text = "";
    const notices = createNotices({ write: (part) => (text += part), node: { name: "a\u001b[2Jb", id: "JN_1" } });
    await notices.activation({
      issuer: "https://control.example.com",
      device_code: "secret-device-code",
      user_code: "WDJB-MJHT",
      number: "07",
      verification_uri: "https://control.example.com/activate",
      verification_uri_complete: "https://control.example.com/activate?code=WDJB-MJHT",
      requested_at: 0,
      expires_at: 600_000,
      interval: 5,
    });
    expect(text).toContain("█▀");
    expect(text).toContain("Number  07");
    expect(text).not.toContain("secret-device-code");
    expect(text).not.toContain("\u001b");
  });
});
