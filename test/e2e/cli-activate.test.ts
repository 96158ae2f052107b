// `jitnode activate` off a terminal, against real programs.
import { createServer, request as httpRequest } from "node:http";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { onEnd } from "../support/cleanup.js";
import { freePort, runCli, startCli, startControl, startDaemon, type Daemon } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { errorOf, jsonOf, readShown, resultOf, startSite, type CliSite, type Person } from "./cli-site.js";

let site: CliSite;
let ada: Person;

beforeAll(async () => {
  site = await startSite({ scope: "file" });
  ada = await site.person("ada");
  await ada.signIn(site.env);
});

const node = (options: { readonly org?: string; readonly nodeName?: string } = {}): Promise<Daemon> =>
  startDaemon({ server: site.control.url, ...options });

const create = (id: string): readonly string[] => [
  "activate",
  "--json",
  "--create-org",
  id,
  "--org-name",
  `The ${id}`,
  "--accept-agreement",
];

describe("somebody who is not signed in", () => {
  test("gets link, code and number off a terminal, too; the session ends with the command", async () => {
    const daemon = await node();
    const home = temporaryFolder();
    const command = startCli(create("acme"), { home, env: daemon.cliEnv });
    const heading = await ada.decide(await readShown(command), "Approve");
    expect(heading).toBe("The terminal is signed in");

    const result = await resultOf(command);
    expect(result, result.stderr).toMatchObject({ code: 0 });
    const status = jsonOf(await runCli(["status", "--json"], { env: daemon.cliEnv }), "status");
    expect(status).toMatchObject({ state: "bound", binding: { organization: { id: "acme" } } });
    expect(jsonOf(result, "activate")).toMatchObject({
      already_bound: false,
      binding: { organization: { id: "acme", name: "The acme" } },
    });
    expect(result.stderr).toContain(`Control plane: ${new URL(site.control.url).host}`);

    const after = await runCli(["whoami", "--json"], { home, env: daemon.cliEnv });
    expect([after.code, errorOf(after).code]).toEqual([4, "sign_in_needed"]);
  });

  test("stays signed in when asked to", async () => {
    const daemon = await node();
    const home = temporaryFolder();
    const command = startCli([...create("stay"), "--stay-signed-in"], { home, env: daemon.cliEnv });
    await ada.decide(await readShown(command), "Approve");
    expect((await resultOf(command)).code).toBe(0);
    const who = jsonOf(await runCli(["whoami", "--json"], { home, env: daemon.cliEnv }), "whoami");
    expect(who).toMatchObject({ scope: "people", account: { name: "ada" }, server: site.control.url });
  });

  test("is not asked to, where the session could not be kept", async () => {
    const daemon = await node();
    const config = temporaryFolder();
    mkdirSync(join(config, "session.lock"));
    const env = { ...daemon.cliEnv, JITNODE_CONFIG_DIR: config };
    const result = await runCli([...create("unkept"), "--stay-signed-in"], { env });
    expect([result.code, errorOf(result).code]).toEqual([1, "folder_not_writable"]);
    expect(result.stderr).not.toContain("To sign in");
  });

  test("is not waited for with --no-input", async () => {
    const daemon = await node();
    const result = await runCli([...create("nobody"), "--no-input"], { env: daemon.cliEnv });
    expect([result.code, errorOf(result).code]).toEqual([4, "sign_in_needed"]);
  });

  test("who is denied gets exit 5, and the node stays as it was", async () => {
    const daemon = await node();
    const command = startCli(create("denied"), { env: daemon.cliEnv });
    await ada.decide(await readShown(command), "Deny");
    const result = await resultOf(command);
    expect([result.code, errorOf(result).code]).toEqual([5, "activation_denied"]);
    expect(jsonOf(await runCli(["status", "--json"], { env: daemon.cliEnv }), "status")).toMatchObject({
      binding: null,
    });
  });

  test("who presses Ctrl-C leaves a dead code behind, and exit 130", async () => {
    const daemon = await node();
    const command = startCli(create("left"), { env: daemon.cliEnv });
    const shown = await readShown(command);
    command.signal("SIGINT");
    const result = await resultOf(command);
    expect([result.code, errorOf(result).code]).toEqual([130, "interrupted"]);
    await expect(ada.decide(shown, "Approve")).rejects.toThrow();
  });

  test("is told that the control plane is away, and that it is back, as by `jitnode login`; and it goes on", async () => {
    const { control, env, person } = await startSite();
    const eve = await person("eve");
    const daemon = await startDaemon({ server: control.url });
    const commands = [startCli(create("away"), { env: daemon.cliEnv }), startCli(["login"], { env })];
    const shown = await Promise.all(commands.map(readShown));
    await control.kill();
    const away =
      /^Waiting for you to sign in… No connection to the control plane since \S+Z: .* \(control_plane_unreachable\) It is tried again\.$/;
    await Promise.all(commands.map((command) => command.waitForLog(away)));
    const { port, metricsPort, dataDir } = control;
    await startControl({ port, metricsPort, dataDir, deviceInterval: "1" });
    const back = /^The control plane answers again\. Waiting for you to sign in…$/;
    await Promise.all(commands.map((command) => command.waitForLog(back)));
    for (const each of shown) await eve.decide(each, "Approve");
    expect((await Promise.all(commands.map(resultOf))).map(({ code }) => code)).toEqual([0, 0]);
  });

  test("is not given up when the daemon answers with errors for a while", async () => {
    const daemon = await node();
    const told = { type: "urn:jitnode:error:internal_error", title: "It failed.", detail: "It failed.", hint: "Wait." };
    const failed = { status: 500, body: JSON.stringify({ ...told, status: 500, code: "internal_error" }) };
    let failures = 0;
    const socket = await lyingSocket(daemon.socket, (answer) => {
      if (failures === 0) return answer;
      failures += 1;
      return failed;
    });
    const command = startCli(create("patient"), { env: { JITNODE_SOCKET: socket } });
    const shown = await readShown(command);
    failures = 1;
    await expect.poll(() => failures).toBeGreaterThan(2);
    failures = 0;
    await ada.decide(shown, "Approve");
    expect((await resultOf(command)).code).toBe(0);
  });

  test.each([
    ["as-asked", 0],
    ["another", 6],
  ])("need not sign in any more once somebody has bound the node to %s: exit %i", async (id, exit) => {
    const daemon = await node();
    await ada.cli(["org", "create", id, "--name", id, "--accept-agreement"], { env: site.env });
    const command = startCli(["activate", "--org", "as-asked"], { env: daemon.cliEnv });
    const shown = await readShown(command);
    expect((await ada.cli(["activate", "--org", id], { env: daemon.cliEnv })).code).toBe(0);
    const result = await resultOf(command);
    expect(result.stderr).toContain("Somebody else has activated this node meanwhile.");
    expect(`${result.stdout}${result.stderr}`).toMatch(new RegExp(`bound .*to ${id} .*`));
    expect(result.code).toBe(exit);
    await expect(ada.decide(shown, "Approve")).rejects.toThrow();
  });
});

describe("somebody who is signed in", () => {
  test("creates, picks and joins organizations without a question", async () => {
    const [first, second, third] = await Promise.all([node(), node(), node()]);
    const bob = await site.person("bob");
    await bob.signIn(site.env);

    const created = await ada.cli(create("three"), { env: first.cliEnv });
    expect(created, created.stderr).toMatchObject({ code: 0 });
    const picked = await ada.cli(["activate", "--org", "three"], { env: second.cliEnv });
    expect(picked.stdout).toMatch(/ is bound to three \(The three\)\.\n$/);

    const code = (await ada.cli(["org", "code"], { env: first.cliEnv })).stdout.trim();
    const joined = await bob.cli(["activate", "--json", "--binding-code-file", "-"], {
      env: third.cliEnv,
      stdin: `  ${code.toLowerCase().replaceAll("-", " ")}\n`,
    });
    expect(joined, joined.stderr).toMatchObject({ code: 0 });
    const nodes = jsonOf(await ada.cli(["org", "nodes", "--json"], { env: first.cliEnv }), "org-nodes");
    expect((nodes as { readonly items: readonly unknown[] }).items).toHaveLength(3);
    // The session that was there stays.
    expect((await bob.cli(["whoami"], { env: third.cliEnv })).code).toBe(0);
  });

  test("may repeat it: 0 when the binding is as asked, 6 when not", async () => {
    const daemon = await node();
    expect((await ada.cli(create("again"), { env: daemon.cliEnv })).code).toBe(0);
    const again = await ada.cli(create("again"), { env: daemon.cliEnv });
    expect(jsonOf(again, "activate")).toMatchObject({
      already_bound: true,
      binding: { organization: { id: "again" } },
    });
    // What is only needed for a binding that is still to be made is not asked for.
    for (const args of [[], ["--no-input"], ["--web"], ["--web", "--no-input"]]) {
      expect((await ada.cli(["activate", ...args], { env: daemon.cliEnv })).code, args.join(" ")).toBe(0);
    }
    // A binding code that was typed is read, and whose it is stays open; the variable's is not looked at.
    const junk = await ada.cli(["activate", "--json", "--binding-code-file", "-"], {
      env: daemon.cliEnv,
      stdin: "junk\n",
    });
    expect([junk.code === 0, errorOf(junk).code]).toEqual([false, "binding_code_invalid"]);
    const own = (await ada.cli(["org", "code"], { env: daemon.cliEnv })).stdout;
    const doubted = await ada.cli(["activate", "--binding-code-file", "-"], { env: daemon.cliEnv, stdin: own });
    expect([doubted.code, doubted.stderr]).toEqual([0, expect.stringContaining("was not asked")]);
    const code = { ...daemon.cliEnv, JITNODE_BINDING_CODE_FILE: "/nowhere" };
    expect((await ada.cli(["activate"], { env: code })).code).toBe(0);

    for (const [args, env] of [
      [["--org", "other"], {}],
      [["--server", "http://127.0.0.1:9"], {}],
      [[], { JITNODE_ORG: "other" }],
    ] as const) {
      const result = await ada.cli(["activate", "--json", ...args], { env: { ...daemon.cliEnv, ...env } });
      expect([result.code, errorOf(result).code]).toEqual([6, "already_bound"]);
    }
  });

  test.each([
    [["--org", "not-mine"], {}, 1, "org_not_found"],
    [["--org", "a", "--create-org", "b"], {}, 2, "usage"],
    [["--create-org", "x"], {}, 2, "org_id_invalid"],
    [["--create-org", "admin"], {}, 2, "org_id_reserved"],
    [["--create-org", "some-org"], {}, 2, "input_needed"],
    [["--create-org", "some-org", "--org-name", "S"], {}, 2, "agreement_required"],
    [["--org", "a-b"], { JITNODE_ORG: "c-d" }, 6, "org_mismatch"],
    [["--web", "--org", "a-b"], {}, 2, "usage"],
    [["--web", "--no-input"], {}, 2, "usage"],
    [["--no-input"], {}, 2, "org_choice_needed"],
    [["--binding-code-file", "/nowhere"], {}, 2, "secret_file_unreadable"],
    [["--binding-code-file", "-"], {}, 2, "input_needed"],
    [["--server", "control.example.com"], {}, 2, "server_invalid"],
    [[], {}, 2, "org_choice_needed"],
  ])("activate %j with %j: exit %i, %s, and nothing is bound", async (args, env, exit, code) => {
    const daemon = await shared();
    const result = await ada.cli(["activate", "--json", ...args], { env: { ...daemon.cliEnv, ...env } });
    expect([result.code, errorOf(result).code]).toEqual([exit, code]);
    expect(jsonOf(await runCli(["status", "--json"], { env: daemon.cliEnv }), "status")).toMatchObject({
      binding: null,
    });
  });

  test("a mistyped binding code is refused here, a wrong one there", async () => {
    const daemon = await shared();
    const file = join(temporaryFolder(), "code");
    for (const [code, message] of [
      ["BCDF-GHJK-LMNP-Q", /a letter is wrong or missing/],
      ["BCDF-GHJK-LMNP-W", /not valid/],
    ] as const) {
      writeFileSync(file, code);
      const result = await ada.cli(["activate", "--json", "--binding-code-file", file], { env: daemon.cliEnv });
      expect([result.code, errorOf(result)]).toMatchObject([5, { code: "binding_code_invalid" }]);
      expect(result.stdout).toMatch(message);
    }
  });

  test("a node that accepts one organization only refuses the others", async () => {
    const daemon = await node({ org: "only-this" });
    const other = await ada.cli(create("only-that"), { env: daemon.cliEnv });
    expect([other.code, errorOf(other).code]).toEqual([6, "org_mismatch"]);
    expect((await ada.cli(create("only-this"), { env: daemon.cliEnv })).code).toBe(0);
  });

  test("JITNODE_ORG keeps a binding code of another organization from being used", async () => {
    const [one, two] = await Promise.all([node(), node()]);
    await ada.cli(create("code-one"), { env: one.cliEnv });
    const code = (await ada.cli(["org", "code"], { env: one.cliEnv })).stdout;
    const join = ["activate", "--json", "--binding-code-file", "-"];
    const wrong = await ada.cli(join, { env: { ...two.cliEnv, JITNODE_ORG: "code-two" }, stdin: code });
    expect([wrong.code, errorOf(wrong).code]).toEqual([5, "binding_code_invalid"]);
    expect(errorOf(wrong).hint).toMatch(/current code of code-two itself: .* Without JITNODE_ORG, the organization/);
    const right = await ada.cli(join, { env: { ...two.cliEnv, JITNODE_ORG: "code-one" }, stdin: code });
    expect(right.code).toBe(0);
  });
});

describe("in a browser", () => {
  test("--web shows the node's own request and waits for the decision", async () => {
    const daemon = await node({ nodeName: "web-node" });
    const command = startCli(["activate", "--web", "--json"], { env: daemon.cliEnv });
    const shown = await readShown(command);
    await ada.cli(["org", "create", "web-org", "--name", "Web", "--accept-agreement"], { env: site.env });
    await ada.decide(shown, "Approve", { organization: "use:web-org" });
    const result = await resultOf(command);
    expect(jsonOf(result, "activate")).toMatchObject({ binding: { organization: { id: "web-org" } } });
    expect(result.code).toBe(0);
  });

  test("--web says since when and why the control plane is away, and that it is back; and goes on waiting", async () => {
    const { control, person } = await startSite();
    const eve = await person("eve");
    const daemon = await startDaemon({ server: control.url });
    const command = startCli(["activate", "--web", "--json"], { env: daemon.cliEnv });
    const shown = await readShown(command);
    await control.kill();
    await command.waitForLog(
      /^Waiting for the decision… No connection to the control plane since \S+Z: .* \(control_plane_unreachable\) The daemon keeps trying\.$/,
    );
    const { port, metricsPort, dataDir } = control;
    await startControl({ port, metricsPort, dataDir, deviceInterval: "1" });
    await command.waitForLog(/^The control plane answers again\. Waiting for the decision…$/);
    const told = command.stderr().match(/No connection.*/g) ?? [];
    expect(told).toHaveLength(new Set(told).size);
    await daemon.kill();
    await command.waitForLog(/^Waiting for the decision… The daemon does not answer; waiting for it\.$/);
    await startDaemon({ server: control.url, stateDir: daemon.stateDir });
    await eve.decide(shown, "Deny");
    expect((await resultOf(command)).code).toBe(5);
  });

  test("--web ends with 5 when it is denied", async () => {
    const daemon = await node();
    const command = startCli(["activate", "--web", "--json"], { env: daemon.cliEnv });
    await ada.decide(await readShown(command), "Deny");
    const result = await resultOf(command);
    expect([result.code, errorOf(result).code]).toEqual([5, "activation_denied"]);
  });
});

describe("what may be wrong around it", () => {
  test("no daemon: exit 7", async () => {
    const result = await runCli(["activate", "--json"], { env: { JITNODE_SOCKET: "/nowhere/jitnoded.sock" } });
    expect([result.code, errorOf(result).code]).toEqual([7, "daemon_unreachable"]);
  });

  test("no control plane known: exit 2", async () => {
    const daemon = await startDaemon();
    const result = await runCli(["activate", "--json", "--org", "acme"], { env: daemon.cliEnv });
    expect([result.code, errorOf(result).code]).toEqual([2, "server_required"]);
  });

  test("nobody answers at the control plane's URL: exit 7", async () => {
    const daemon = await startDaemon();
    const server = `http://127.0.0.1:${await freePort()}`;
    const result = await runCli(["activate", "--json", "--org", "acme", "--server", server], { env: daemon.cliEnv });
    expect([result.code, errorOf(result).code]).toEqual([7, "control_plane_unreachable"]);
  });

  test("another node's key in the request: exit 6, and nothing is approved", async () => {
    const daemon = await node();
    const socket = await lyingSocket(daemon.socket, ({ status, body }) => ({
      status,
      body: body.replace(/"key_thumbprint":"[^"]*"/g, `"key_thumbprint":"${"A".repeat(43)}"`),
    }));
    const result = await ada.cli(create("mismatch"), { env: { JITNODE_SOCKET: socket } });
    expect([result.code, errorOf(result).code]).toEqual([6, "node_mismatch"]);
    expect(jsonOf(await runCli(["status", "--json"], { env: daemon.cliEnv }), "status")).toMatchObject({
      binding: null,
    });
  });

  test("a code that expires: exit 8", async () => {
    const hasty = await startSite({ deviceCodeTtl: "2" });
    const daemon = await startDaemon({ server: hasty.control.url });
    const result = await runCli(create("late"), { env: daemon.cliEnv });
    expect([result.code, errorOf(result).code]).toEqual([8, "activation_expired"]);
  });
});

let sharedNode: Promise<Daemon> | undefined;

/** An unbound node for commands that are refused. */
const shared = (): Promise<Daemon> => {
  sharedNode ??= startDaemon({ server: site.control.url, scope: "file" });
  return sharedNode;
};

type Answer = { readonly status: number; readonly body: string };

/** The daemon's socket, but with what `lie` makes of its answers. */
async function lyingSocket(target: string, lie: (answer: Answer) => Answer): Promise<string> {
  const socket = join(temporaryFolder(), "liar.sock");
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      let sent = "";
      for await (const part of incoming.setEncoding("utf8") as AsyncIterable<string>) sent += part;
      const { method, url, headers } = incoming;
      const forward = httpRequest({ socketPath: target, method, path: url, headers, agent: false }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (part: string) => (body += part));
        answer.on("end", () => {
          const told = lie({ status: answer.statusCode ?? 500, body });
          outgoing.writeHead(told.status, { "content-type": "application/json" }).end(told.body);
        });
      });
      forward.on("error", () => outgoing.destroy());
      forward.end(sent);
    })();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onEnd(() => void server.close());
  return socket;
}
