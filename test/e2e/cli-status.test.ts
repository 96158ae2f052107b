// status, wait, health and version, against a real daemon.
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { onEnd } from "../support/cleanup.js";
import { unprivileged } from "../support/other-user.js";
import { runCli, startCli, startControl, startDaemon, type Result } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { ask, reach } from "../integration/daemon/daemon-client.js";
import { errorOf, jsonOf, resultOf, startSite, type CliSite, type Person } from "./cli-site.js";

let site: CliSite;
let ada: Person;

beforeAll(async () => {
  site = await startSite({ scope: "file" });
  ada = await site.person("ada");
  await ada.signIn(site.env);
});

type Daemon = Awaited<ReturnType<typeof startDaemon>>;

async function bind(daemon: Daemon, id: string): Promise<void> {
  const choice = ["--create-org", id, "--org-name", id, "--accept-agreement"];
  const result = await ada.cli(["activate", ...choice], { env: daemon.cliEnv });
  expect(result, result.stderr).toMatchObject({ code: 0 });
}

const failure = (result: Result): readonly [unknown, string] => [result.code, errorOf(result).code];

describe("status", () => {
  test("is the same document however it is asked for", async () => {
    const daemon = await startDaemon();
    const fast = await runCli(["status", "--json"], { env: daemon.cliEnv });
    // With one more option the whole program answers.
    const whole = await runCli(["status", "--json", "--no-input"], { env: daemon.cliEnv });
    expect(jsonOf(fast, "status")).toEqual(jsonOf(whole, "status"));
    expect(fast.stdout.split("\n")).toHaveLength(2);
  });

  test("exits 0 whenever it could answer, 3 for an unbound node when asked", async () => {
    const daemon = await startDaemon({ server: site.control.url, nodeName: "n1" });
    expect((await runCli(["status"], { env: daemon.cliEnv })).code).toBe(0);
    const unbound = await runCli(["status", "--exit-code", "--json"], { env: daemon.cliEnv });
    expect(unbound.code).toBe(3);
    jsonOf(unbound, "status");
    await bind(daemon, "exit-code");
    const bound = await runCli(["status", "--exit-code"], { env: daemon.cliEnv });
    expect(bound.code).toBe(0);
    expect(bound.stdout).toMatch(/^State +bound to exit-code \(exit-code\)$/m);
  });

  test("does not take output that cannot be written for a success", async () => {
    const daemon = await startDaemon();
    const jitnode = `"${process.execPath}" "${join(checkout(), "bin", "jitnode.js")}"`;
    const env = { PATH: "/usr/bin:/bin", ...daemon.cliEnv };
    const inShell = (line: string) => spawnSync("/bin/sh", ["-c", `${jitnode} ${line}`], { env, encoding: "utf8" });
    for (const words of ["status", "status --json", "status --json --no-input", "--version", "--help"]) {
      const { status, stderr } = inShell(`${words} >/dev/full`);
      expect([words, status]).toEqual([words, 1]);
      expect(stderr).toMatch(/^The output could not be written\. \(output_not_writable\)\n/);
      // A closed pipe stays quiet.
      expect(inShell(`${words} | true`).stderr).toBe("");
    }
  });

  test("takes no --server and no --org, since it asks only the daemon; the variables may be set", async () => {
    const daemon = await startDaemon();
    for (const option of ["--server=https://control.example.com", "--org=acme"]) {
      const refused = await runCli([option, "status"], { env: daemon.cliEnv });
      expect([refused.code, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toMatch(/^jitnode status takes no --(server|org)\. \(usage\)\n--\1 is for commands /);
    }
    const env = { ...daemon.cliEnv, JITNODE_SERVER: "ftp://x", JITNODE_ORG: "No Org" };
    expect((await runCli(["status", "--no-input"], { env })).code).toBe(0);
  });

  test("says where it looked when no daemon answers", async () => {
    const env = { JITNODE_SOCKET: join(temporaryFolder(), "none.sock") };
    const plain = await runCli(["status"], { env });
    expect([plain.code, plain.stdout]).toEqual([7, ""]);
    expect(plain.stderr).toMatch(/No daemon answers on .*none\.sock\. \(daemon_unreachable\)\nStart jitnoded/);
    expect(failure(await runCli(["status", "--json"], { env }))).toEqual([7, "daemon_unreachable"]);
  });

  test("is refused to whoever may not use the socket", async () => {
    const owner = unprivileged();
    const daemon = await startDaemon(owner === undefined ? {} : { user: owner });
    // Under a normal user, the same by the mode: nobody may enter the folder.
    const stranger = owner === undefined ? undefined : { uid: 65533, gid: 65533 };
    if (stranger === undefined) (await import("node:fs")).chmodSync(daemon.socket, 0);
    const result = await runCli(["status", "--json"], { env: daemon.cliEnv, user: stranger });
    expect(failure(result)).toEqual([5, "socket_forbidden"]);
  });

  test("shows nothing of what is no daemon's answer", async () => {
    const socket = join(temporaryFolder(), "other.sock");
    const server = createServer((_request, response) => void response.end("<html>\u001b[2Jhello</html>"));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onEnd(() => void server.close());
    const result = await runCli(["status", "--json"], { env: { JITNODE_SOCKET: socket } });
    expect(failure(result)).toEqual([7, "daemon_unreachable"]);
    expect(result.stdout + result.stderr).not.toContain("hello");
  });

  test("--watch prints every change, and Ctrl-C ends it with 0", async () => {
    const daemon = await startDaemon({ server: site.control.url });
    const watching = startCli(["status", "--watch", "--json"], { env: daemon.cliEnv });
    const plain = startCli(["status", "--watch"], { env: daemon.cliEnv });
    await Promise.all([watching.waitForLog(/"state":"(unbound|pending)"/), plain.waitForLog(/connection/)]);
    await bind(daemon, "watched");
    await Promise.all([
      watching.waitForLog(/"connection":"connected"/),
      plain.waitForLog(/bound to watched .*connected/),
    ]);
    daemon.signal("SIGTERM");
    await plain.waitForLog(/The daemon does not answer; waiting for it/);
    await startDaemon({ stateDir: daemon.stateDir });
    await plain.waitForLog(/bound to watched/);
    for (const program of [watching, plain]) program.signal("SIGINT");
    const results = await Promise.all([resultOf(watching), resultOf(plain)]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    for (const line of (results[0]?.stdout ?? "").trim().split("\n")) jsonOf({ stdout: line, stderr: "" }, "status");
  });
});

describe("wait", () => {
  test("waits for a daemon that is not there yet, and until the node is bound", async () => {
    const stateDir = temporaryFolder();
    const env = { JITNODE_SOCKET: join(stateDir, "jitnoded.sock") };
    const waiting = startCli(["wait", "--for", "connected", "--timeout", "50s", "--json"], { env });
    await waiting.waitForLog(/Waiting/);
    const daemon = await startDaemon({ stateDir, server: site.control.url });
    await bind(daemon, "waited-for");
    const result = await resultOf(waiting);
    expect(result.code).toBe(0);
    expect(jsonOf(result, "status")).toMatchObject({ state: "bound", connection: "connected" });
  });

  test("gives up after its time: exit 8", async () => {
    const daemon = await startDaemon();
    expect(failure(await runCli(["wait", "--timeout", "100ms", "--json"], { env: daemon.cliEnv }))).toEqual([
      8,
      "timed_out",
    ]);
    expect((await runCli(["wait", "--for", "unbound"], { env: daemon.cliEnv })).code).toBe(0);
    expect(failure(await runCli(["wait", "--timeout", "soon", "--json"], { env: daemon.cliEnv }))).toEqual([
      2,
      "usage",
    ]);
  });

  test("ends with 9 when the node is unbound while waiting for something else, by whomever", async () => {
    const own = await startSite();
    const person = await own.person("eve");
    await person.signIn(own.env);
    const daemon = await startDaemon({ server: own.control.url, nodeName: "leaver" });
    const choice = ["--create-org", "leaving", "--org-name", "L", "--accept-agreement"];
    expect((await person.cli(["activate", ...choice], { env: daemon.cliEnv })).code).toBe(0);
    // Without its control plane it is bound and not connected.
    await own.control.kill();
    const watch = startCli(["status", "--watch"], { env: daemon.cliEnv });
    await watch.waitForLog(/connection unreachable/);
    const waiting = startCli(["wait", "--for", "connected", "--json"], { env: daemon.cliEnv });
    const other = startCli(["wait", "--for", "unbound", "--json"], { env: daemon.cliEnv });
    // Whoever waits is told why nothing comes.
    const why = /^Waiting until .* No connection to the control plane since \S+Z: .* \(control_plane_unreachable\)/;
    await Promise.all([waiting.waitForLog(why), other.waitForLog(/Waiting/)]);
    await runCli(["node", "unbind", "--yes"], { env: daemon.cliEnv });
    const { stdout } = await runCli(["status"], { env: daemon.cliEnv });
    // An activation would be refused as long as the unbind is not confirmed.
    expect(stdout).toMatch(/\(release_pending\)/);
    expect(stdout).not.toContain("jitnode activate");
    expect(failure(await resultOf(waiting))).toEqual([9, "unbound_while_waiting"]);
    expect((await resultOf(other)).code).toBe(0);
  });

  test("says that the control plane answers again only when it does, and that the daemon is away, once", async () => {
    const own = await startSite();
    const daemon = await startDaemon({ server: own.control.url });
    const waiting = startCli(["wait"], { env: daemon.cliEnv });
    await reach(daemon, { state: "pending" });
    await own.control.kill();
    await waiting.waitForLog(/No connection to the control plane/);
    expect((await ask(daemon.socket, "DELETE", "/v1/activation")).status).toBe(204);
    await reach(daemon, { state: "unbound", connection: "none" });
    await daemon.kill();
    await waiting.waitForLog(/^Waiting .* The daemon does not answer; waiting for it\.$/);
    await startDaemon({ stateDir: daemon.stateDir });
    const lines = (): readonly string[] => waiting.stderr().trim().split("\n");
    await expect.poll(() => lines().at(-1)).toBe("Waiting until this node is bound…");
    expect(waiting.stderr()).not.toContain("answers again");
    expect(lines().filter((line) => line.includes("does not answer"))).toHaveLength(1);
    waiting.signal("SIGINT");
    await resultOf(waiting);
  });

  test("says that the control plane answers a bound node again", async () => {
    const own = await startSite();
    const person = await own.person("eve");
    await person.signIn(own.env);
    const daemon = await startDaemon({ server: own.control.url });
    const choice = ["--create-org", "back", "--org-name", "B", "--accept-agreement"];
    expect((await person.cli(["activate", ...choice], { env: daemon.cliEnv })).code).toBe(0);
    const waiting = startCli(["wait", "--for", "unbound"], { env: daemon.cliEnv });
    await waiting.waitForLog(/Waiting/);
    await own.control.kill();
    await waiting.waitForLog(/No connection to the control plane/);
    const { port, metricsPort, dataDir } = own.control;
    await startControl({ port, metricsPort, dataDir });
    await waiting.waitForLog(/^The control plane answers again\. Waiting until this node is unbound…$/);
    waiting.signal("SIGINT");
    await resultOf(waiting);
  });

  test("is ended by Ctrl-C with 130, by SIGTERM with 143", async () => {
    const daemon = await startDaemon();
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const waiting = startCli(["wait", "--json"], { env: daemon.cliEnv });
      await waiting.waitForLog(/Waiting/);
      waiting.signal(signal);
      expect(failure(await resultOf(waiting))).toEqual([code, "interrupted"]);
    }
  });
});

test("health exits 0 or 1, whatever happens", async () => {
  const daemon = await startDaemon({ server: site.control.url });
  const health = (...args: readonly string[]): Promise<Result> =>
    runCli(["health", "--json", ...args], { env: daemon.cliEnv });
  expect(jsonOf(await health("--live"), "health")).toEqual({
    live: true,
    detail: expect.stringContaining("not activated") as unknown,
  });
  const unready = await health();
  expect([unready.code, jsonOf(unready, "health")]).toMatchObject([1, { ready: false }]);
  await bind(daemon, "healthy");
  expect(jsonOf(await health(), "health")).toMatchObject({ ready: true });
  expect(failure(await health("--nonsense"))).toEqual([1, "usage"]);
  await daemon.kill();
  expect(failure(await health("--live"))).toEqual([1, "daemon_unreachable"]);
});

describe("the command line itself", () => {
  test("answers its version in both forms", async () => {
    const { version } = jsonOf(await runCli(["version", "--json"]), "version") as { readonly version: string };
    expect((await runCli(["--version"])).stdout).toBe(`jitnode ${version}\n`);
    expect(jsonOf(await runCli(["--version", "--json"]), "version")).toMatchObject({ version });
  });

  test("shows help with examples before options", async () => {
    const { stdout, code } = await runCli(["activate", "--help"]);
    expect(code).toBe(0);
    // Which is to wait for a person, in some commands, and in `jitnode wait` of course not.
    expect(stdout).toMatch(/^With --no-input nobody is waited for/m);
    expect((await runCli(["login", "--help"])).stdout).toMatch(/^With --no-input nobody is waited for/m);
    expect((await runCli(["wait", "--help"])).stdout).toMatch(
      /--no-input +Never ask: fail where an answer is needed$/m,
    );
    expect(stdout.indexOf("Examples")).toBeLessThan(stdout.indexOf("Options"));
    expect((await runCli([])).stdout).toContain("jitnode org code refresh");
    expect((await runCli(["org", "--help"])).stdout).not.toContain("jitnode status");
  });

  test("refuses what it does not know, on stderr or as JSON", async () => {
    const typo = await runCli(["org", "mebers"]);
    expect([typo.code, typo.stdout]).toEqual([2, ""]);
    expect(typo.stderr).toContain("Did you mean jitnode org members?");
    expect(failure(await runCli(["org", "mebers", "--json"]))).toEqual([2, "usage"]);
    expect(failure(await runCli(["status", "--jsn", "--json"]))).toEqual([2, "usage"]);
  });
});
