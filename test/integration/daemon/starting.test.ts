// How the daemon starts and ends: its identity, its lock, its socket, and every reason not to start.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { onEnd } from "../../support/cleanup.js";
import { unprivileged } from "../../support/other-user.js";
import { startDaemon, type Daemon, type DaemonOptions } from "../../support/programs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { timed } from "../../support/timed.js";
import { startFakeControlPlane } from "../../emulators/control-plane.js";
import { ask, reach, statusOf, warningsOf } from "./daemon-client.js";
import { startOwnDaemon } from "./own-daemon.js";

/** A start that must fail: its exit code and what it says. */
async function refusedStart(options: DaemonOptions): Promise<{ readonly code: number | null; readonly said: string }> {
  const daemon = await startDaemon({ ...options, wait: false });
  const { code } = await daemon.exited;
  return { code, said: daemon.stderr() };
}

async function stopped(daemon: Daemon): Promise<string> {
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  return daemon.stateDir;
}

const mode = (path: string): number => statSync(path).mode & 0o777;

describe("the node's identity", () => {
  test("is made at the first start, private, and the same at every other", async () => {
    const first = await startDaemon({ nodeName: "web-1" });
    const identity = (await ask(first.socket, "GET", "/v1/identity")).body;
    expect(identity["id"]).toMatch(/^JN_[1-9A-HJ-NP-Za-km-z]{16}$/);
    expect(identity["name"]).toBe("web-1");
    expect(JSON.stringify(identity)).not.toContain('"d"');
    expect(mode(join(first.stateDir, "node.key"))).toBe(0o600);
    expect(mode(join(first.stateDir, "node.db"))).toBe(0o600);
    expect(mode(first.stateDir)).toBe(0o700);
    const stateDir = await stopped(first);
    const second = await startDaemon({ stateDir });
    expect((await ask(second.socket, "GET", "/v1/identity")).body["id"]).toBe(identity["id"]);
  });

  test("a copy that a killed first start left is removed", async () => {
    const stateDir = await stopped(await startDaemon());
    writeFileSync(join(stateDir, ".0123456789abcdef.tmp"), "half a key");
    await startDaemon({ stateDir });
    expect(readdirSync(stateDir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test.each([
    ["damaged", (key: string) => writeFileSync(key, '{"kty":"OKP"'), "node_key_invalid"],
    ["empty", (key: string) => writeFileSync(key, ""), "node_key_invalid"],
    ["missing", (key: string) => rmSync(key), "node_key_invalid"],
    ["readable by others", (key: string) => chmodSync(key, 0o644), "node_key_exposed"],
    ["readable by its group", (key: string) => chmodSync(key, 0o640), "node_key_exposed"],
  ])("a key that is %s is refused and not replaced", async (_name, spoil, code) => {
    const stateDir = await stopped(await startDaemon());
    const key = join(stateDir, "node.key");
    spoil(key);
    const before = existsSync(key) ? readFileSync(key, "utf8") : undefined;
    expect(await refusedStart({ stateDir })).toMatchObject({ code: 1, said: expect.stringContaining(code) });
    expect(existsSync(key) ? readFileSync(key, "utf8") : undefined).toBe(before);
  });

  test("another node's key is refused", async () => {
    const one = await stopped(await startDaemon());
    const other = await stopped(await startDaemon());
    renameSync(join(other, "node.key"), join(one, "node.key"));
    expect(await refusedStart({ stateDir: one })).toMatchObject({
      code: 1,
      said: expect.stringContaining("node_key_invalid"),
    });
  });

  test.each(["not a database at all, but long enough to be looked at as one".repeat(20), "x", ""])(
    "a state that is damaged is refused and not replaced",
    async (content) => {
      const stateDir = await stopped(await startDaemon());
      writeFileSync(join(stateDir, "node.db"), content);
      expect(await refusedStart({ stateDir })).toMatchObject({
        code: 1,
        said: expect.stringContaining("state_corrupt"),
      });
      expect(readFileSync(join(stateDir, "node.db"), "utf8")).toBe(content);
    },
  );
});

describe("one daemon for a state directory", () => {
  test("a second one is refused, also with a socket of its own", async () => {
    const first = await startDaemon();
    const socket = join(temporaryFolder(), "other.sock");
    const refused = await refusedStart({ stateDir: first.stateDir, socket });
    expect(refused).toEqual({
      code: 6,
      said: expect.stringMatching(/^[A-Z].*\. \(already_running\)\nStop it first.*\n$/),
    });
    expect(await statusOf(first)).toMatchObject({ state: "unbound" });
  });

  test("SIGKILL leaves nothing that keeps the next one from starting", async () => {
    const first = await startDaemon();
    first.signal("SIGKILL");
    await first.exited;
    expect(existsSync(first.socket)).toBe(true);
    const second = await startDaemon({ stateDir: first.stateDir });
    expect((await statusOf(second)).node.id).toMatch(/^JN_/);
  });
});

describe("the socket", () => {
  test("is for its user and group, in a folder that others cannot enter", async () => {
    const folder = join(temporaryFolder(), "run");
    const daemon = await startDaemon({ socket: join(folder, "jitnoded.sock") });
    expect(mode(daemon.socket)).toBe(0o660);
    expect(mode(folder)).toBe(0o750);
    await stopped(daemon);
    expect(existsSync(daemon.socket)).toBe(false);
  });

  test("a live one of somebody else is never taken over", async () => {
    const path = join(temporaryFolder(), "s.sock");
    const other = createServer((connection) => connection.on("error", () => undefined).end("mine"));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    onEnd(() => void other.close());
    expect(await refusedStart({ socket: path })).toMatchObject({
      code: 6,
      said: expect.stringContaining("already_running"),
    });
    const answer = await new Promise<string>((resolve, reject) => {
      connect(path)
        .on("data", (data) => resolve(String(data)))
        .on("error", reject);
    });
    expect(answer).toBe("mine");
  });

  test("a file that is no socket is left alone", async () => {
    const path = join(temporaryFolder(), "s.sock");
    writeFileSync(path, "precious");
    expect(await refusedStart({ socket: path })).toMatchObject({
      code: 1,
      said: expect.stringContaining(`${path} is not a socket`),
    });
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  test("a folder of it that is a file is called one", async () => {
    const file = join(temporaryFolder(), "run");
    writeFileSync(file, "", { mode: 0o755 });
    expect(await refusedStart({ socket: join(file, "s.sock") })).toMatchObject({
      code: 1,
      said: expect.stringMatching(`^The socket's folder ${file} is a file, not a folder\\. .*\n.*JITNODE_SOCKET`),
    });
  });

  test("a path longer than a socket allows is refused by name", async () => {
    const socket = join(temporaryFolder(), "x".repeat(110));
    expect(await refusedStart({ socket })).toMatchObject({
      code: 1,
      said: expect.stringContaining("socket_path_too_long"),
    });
  });
});

describe("settings", () => {
  test.each([
    [{ JITNODE_SERVER: "not a url" }, "setting_invalid"],
    [{ JITNODE_SERVER: "http://control.example.com" }, "server_invalid"],
    [{ JITNODE_ORG: "Not An Org" }, "setting_invalid"],
    [{ JITNODE_NAME: "a\u202eb" }, "setting_invalid"],
    [{ JITNODE_SERVER_CA_FILE: "/nowhere/ca.pem" }, "setting_invalid"],
    [{ JITNODE_LOG_LEVEL: "loud" }, "setting_invalid"],
  ])("%o is refused with 2 and %s", async (env, code) => {
    expect(await refusedStart({ env })).toMatchObject({ code: 2, said: expect.stringContaining(code) });
  });

  test("a name that does not exist is warned of, with the one that was meant", async () => {
    const daemon = await startDaemon({ env: { JITNODE_SEVER: "https://control.example.com" } });
    const told = await daemon.waitForLog(/unknown setting/);
    expect(JSON.parse(told)).toMatchObject({
      level: "warn",
      event: "unknown setting ignored",
      variable: "JITNODE_SEVER",
      did_you_mean: "JITNODE_SERVER",
    });
    expect(daemon.stderr().match(/unknown setting/g)).toHaveLength(1);
  });

  test("without any, an unprivileged user gets folders of their own", async () => {
    const user = unprivileged();
    const home = temporaryFolder({ owner: user });
    const env = { HOME: home, XDG_RUNTIME_DIR: undefined, JITNODE_STATE_DIR: undefined, JITNODE_SOCKET: undefined };
    if (existsSync("/var/lib/jitnode") || existsSync("/run/jitnode")) return;
    const socket = join(home, ".local/state/jitnode/jitnoded.sock");
    const daemon = await startDaemon({ user, env, wait: false });
    await daemon.waitForLog(/"started"/);
    expect((await ask(socket, "GET", "/v1/health/live")).status).toBe(200);
  });
});

describe("a state directory that cannot be written", () => {
  test("at the start: refused with a code", async () => {
    const user = unprivileged();
    const parent = temporaryFolder({ owner: user });
    const stateDir = join(parent, "state");
    mkdirSync(stateDir, { mode: 0o500 });
    if (user !== undefined) chownSync(stateDir, user.uid, user.gid);
    // chmod by its owner is what the daemon does itself; a folder of somebody else is what it cannot mend.
    if (user !== undefined) chownSync(stateDir, 0, 0);
    const socket = join(temporaryFolder({ owner: user }), "s.sock");
    if (user === undefined) {
      rmSync(stateDir, { recursive: true });
      symlinkSync("/proc/self", stateDir);
    }
    expect(await refusedStart({ stateDir, socket, user })).toMatchObject({
      code: 1,
      said: expect.stringContaining("state_not_writable"),
    });
  });

  test.each([0o644, 0o755])("a file of mode %o in its place, or above it, is called one", async (fileMode) => {
    const file = join(temporaryFolder(), "state");
    const socket = join(temporaryFolder(), "s.sock");
    writeFileSync(file, "precious", { mode: fileMode });
    for (const stateDir of [file, join(file, "below")]) {
      expect(await refusedStart({ stateDir, socket })).toMatchObject({
        code: 1,
        said: expect.stringMatching(/ is a file, not a folder\. \(state_not_writable\)\n.*move the file away/),
      });
    }
    expect(readFileSync(file, "utf8")).toBe("precious");
  });

  test("a disk that is full at the start: refused, and nothing half-made counts", async () => {
    const stateDir = temporaryFolder({ owner: unprivileged() });
    const refused = await refusedStart({ stateDir, user: unprivileged(), fileSizeLimit: 512 });
    expect(refused).toMatchObject({ code: 1, said: expect.stringContaining("state_not_writable") });
    const daemon = await startDaemon({ stateDir, user: unprivileged() });
    expect(await statusOf(daemon)).toMatchObject({ state: "unbound" });
  });

  test("a disk that fills up: not live, said in the status, nothing claimed that is not on disk", async () => {
    const fake = await startFakeControlPlane();
    onEnd(() => fake.stop());
    const user = unprivileged();
    const stateDir = temporaryFolder({ owner: user });
    await stopped(await startDaemon({ stateDir, user }));
    // What is there may be opened; the journal of a write to it does not fit any more.
    const fileSizeLimit = statSync(join(stateDir, "node.db")).size / 2;
    const daemon = await startDaemon({ stateDir, user, fileSizeLimit, wait: false });
    await daemon.waitForLog(/"started"/);
    const answer = await ask(daemon.socket, "POST", "/v1/activation", { body: JSON.stringify({ server: fake.url }) });
    expect(answer.body).toMatchObject({ code: "state_not_writable" });
    const status = await statusOf(daemon);
    expect(status).toMatchObject({ state: "unbound", activation: null });
    expect(warningsOf(status)).toContain("state_not_writable");
    expect(await ask(daemon.socket, "GET", "/v1/health/live")).toMatchObject({ status: 503, body: { live: false } });

    await stopped(daemon);
    const again = await startDaemon({ stateDir, user });
    expect((await ask(again.socket, "GET", "/v1/health/live")).status).toBe(200);
  });

  test("a disk that fills up while nothing is to be written: a liveness check finds it all the same", async () => {
    const fake = await startFakeControlPlane();
    const user = unprivileged();
    const stateDir = temporaryFolder({ owner: user });
    const daemon = await startDaemon({ stateDir, user, server: fake.url });
    await reach(daemon, { state: "pending" });
    fake.approve();
    await reach(daemon, ({ last_heartbeat_at }) => last_heartbeat_at !== null);
    await stopped(daemon);
    // Without its control plane a bound node has nothing to write.
    await fake.stop();
    const fileSizeLimit = statSync(join(stateDir, "node.db")).size / 2;
    const again = await startDaemon({ stateDir, user, fileSizeLimit, wait: false });
    await again.waitForLog(/"started"/);
    const live = async (): Promise<unknown> => (await ask(again.socket, "GET", "/v1/health/live")).body["live"];
    await expect.poll(live).toBe(false);
    expect(warningsOf(await statusOf(again))).toContain("state_not_writable");
  });

  test("looking whether it can be written changes nothing that anybody is told of", async () => {
    const daemon = await startOwnDaemon({ speed: 1_000 });
    let events = 0;
    const call = request({ socketPath: daemon.socket, path: "/v1/events", headers: { host: "jitnoded" } }, (response) =>
      response.on("error", () => undefined).on("data", () => (events += 1)),
    );
    call.on("error", () => undefined).end();
    onEnd(() => void call.destroy());
    await expect.poll(() => events).toBe(1);
    const file = join(daemon.stateDir, "node.db");
    const written = statSync(file).mtimeMs;
    const live = async (): Promise<number> => (await ask(daemon.socket, "GET", "/v1/health/live")).status;
    await expect.poll(async () => (await live()) === 200 && statSync(file).mtimeMs > written).toBe(true);
    expect(await live()).toBe(200);
    expect(events).toBe(1);
  });
});

test("the version comes with the program's name, and nothing is started", async () => {
  const program = await startDaemon({ args: ["--version"], wait: false });
  expect(await program.exited).toMatchObject({ code: 0 });
  expect(program.stdout()).toMatch(/^jitnoded \d+\.\d+\.\d+\n$/);
  expect(existsSync(join(program.stateDir, "node.key"))).toBe(false);
});

describe("ending", () => {
  test("SIGTERM ends it with 0 in under two seconds, whatever is in flight", timed, async () => {
    const fake = await startFakeControlPlane();
    onEnd(() => fake.stop());
    const daemon = await startDaemon({ server: fake.url });
    await reach(daemon, { state: "pending" });
    fake.misbehave = () => "silent";
    const watching = ask(daemon.socket, "GET", "/v1/events").catch(() => undefined);
    const checking = ask(daemon.socket, "POST", "/v1/activation/check").catch(() => undefined);
    await expect.poll(() => fake.requests.at(-1)?.form.get("grant_type")).toBe("client_credentials");
    const since = Date.now();
    daemon.signal("SIGTERM");
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    expect(Date.now() - since).toBeLessThan(2000);
    await Promise.all([watching, checking]);
  });

  test("SIGINT ends it with 0 too", async () => {
    const daemon = await startDaemon();
    daemon.signal("SIGINT");
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
  });
});
