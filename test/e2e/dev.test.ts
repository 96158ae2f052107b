// `jitnode dev`, which is `npm start`: started as whoever tries the project out does, in folders of their own.
import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { unprivileged } from "../support/other-user.js";
import { runCli, startCli, type Program } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { errorOf, jsonOf, resultOf } from "./cli-site.js";
import { keys, openTerminal } from "./terminal.js";

interface Summary {
  readonly server: string;
  readonly account: { readonly login: string; readonly password?: string };
  readonly organization: { readonly id: string; readonly name: string };
  readonly node: { readonly id: string };
  readonly environment_file: string;
  readonly commands: readonly string[];
}

const once = async (cwd: string, env = {}): Promise<Summary> => {
  const result = await runCli(["dev", "--once", "--json"], { cwd, env, timeout: 50_000 });
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  return jsonOf(result, "dev") as Summary;
};

const start = (cwd: string, ...args: readonly string[]): Program => startCli(["dev", ...args], { cwd });
const ready = (program: Program): Promise<string> => program.waitForLog(/Ctrl-C ends control plane and daemon/, 50_000);

/** The processes that were started for this folder, by what only they have in their environment. */
function processesOf(folder: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`JITNODE_STATE_DIR=${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");

async function expectNoneLeft(folder: string): Promise<void> {
  await expect.poll(() => processesOf(folder), { timeout: 15_000 }).toEqual([]);
}

/** A line of the second terminal, with this checkout in the place of npx. */
async function inSecondTerminal(cwd: string, line: string): Promise<string> {
  const command = line.replace("npx jitnode", `"${process.execPath}" "${join(checkout(), "bin", "jitnode.js")}"`);
  return (await promisify(execFile)("/bin/sh", ["-c", command], { cwd, env: { PATH: "/usr/bin:/bin", HOME: cwd } }))
    .stdout;
}

describe("off a terminal", () => {
  test("--once binds a node, prints it and ends; the next start finds it bound", async () => {
    const cwd = temporaryFolder();
    const started = await runCli(["dev", "--once", "--json"], { cwd, timeout: 50_000 });
    expect(started, started.stderr).toMatchObject({ code: 0 });
    // Nobody is to sign in by hand.
    expect(started.stderr).not.toMatch(/Waiting for you/);
    const first = jsonOf(started, "dev") as Summary;
    expect(first).toMatchObject({
      account: { login: "dev" },
      organization: { id: "playground", name: "Playground" },
    });
    expect(first.account.password?.length).toBeGreaterThanOrEqual(16);
    await expectNoneLeft(join(cwd, ".jitnode-dev"));
    for (const name of readdirSync(join(cwd, ".jitnode-dev"))) {
      expect(statSync(join(cwd, ".jitnode-dev", name)).mode & 0o077, name).toBe(0);
    }
    const again = await runCli(["dev", "--once"], { cwd, timeout: 50_000 });
    expect(again.stdout).toContain(` (${first.node.id}) is bound to playground (Playground).\n`);
    expect(again.stdout).toContain(first.account.password);
    // Nothing for a second terminal: control plane and daemon have ended.
    expect([first.commands, again.stdout]).toEqual([[], expect.not.stringMatching(/second terminal|npx jitnode/)]);
  });

  test("it runs until Ctrl-C; a second start prints the same; the printed lines work", async () => {
    // A path that no shell may take apart.
    const cwd = join(temporaryFolder(), "it's a $HOME");
    mkdirSync(cwd);
    const running = start(cwd);
    await ready(running);
    expect(running.stdout()).toMatch(/ is bound to playground \(Playground\)\.\n/);

    const second = await runCli(["dev"], { cwd });
    expect([second.code, second.stdout]).toEqual([0, running.stdout()]);
    expect(second.stderr).toContain("It runs already");

    const [status = "", members = "", code = ""] = running
      .stdout()
      .split("\n")
      .filter((line) => line.includes("npx jitnode"));
    expect(await inSecondTerminal(cwd, status)).toMatch(/^State +bound to playground/m);
    expect(await inSecondTerminal(cwd, members)).toMatch(/administrator.* dev \(you\)$/m);
    expect(await inSecondTerminal(cwd, code)).toMatch(/^([A-Z]{4}-){3}[A-Z]\n$/);

    running.signalGroup("SIGINT");
    expect((await running.exited).code).toBe(0);
    await expectNoneLeft(join(cwd, ".jitnode-dev"));
  });

  test("when one program ends, the other is ended, too, and it says which", async () => {
    const cwd = temporaryFolder();
    const folder = join(cwd, ".jitnode-dev");
    const running = start(cwd, "--json");
    await ready(running);
    const daemon = processesOf(folder).find((pid) => nameOf(pid).includes("jitnoded.js"));
    process.kill(daemon ?? Number.NaN, "SIGKILL");
    const result = await resultOf(running);
    expect(result.code).toBe(1);
    const [, error = ""] = result.stdout.split("\n");
    expect(errorOf({ stdout: error, stderr: "" })).toMatchObject({ code: "internal_error" });
    expect(error).toMatch(/jitnoded has ended \(SIGKILL\).*jitnoded\.log/);
    await expectNoneLeft(folder);
    // And it starts again over what was left behind.
    await once(cwd);
  });

  test("when it is killed hard itself, its programs end by themselves; it starts again", async () => {
    const cwd = temporaryFolder();
    const running = start(cwd);
    await ready(running);
    running.signal("SIGKILL");
    await running.exited;
    await expectNoneLeft(join(cwd, ".jitnode-dev"));
    expect((await once(cwd)).organization.id).toBe("playground");
  });

  test("Ctrl-C during the start ends everything, too; nothing has to be tidied up", async () => {
    const cwd = temporaryFolder();
    for (const moment of [/Starting/, /Signing in/]) {
      const starting = start(cwd);
      await starting.waitForLog(moment, 30_000).catch(() => undefined);
      starting.signalGroup("SIGINT");
      expect((await starting.exited).code).toBe(0);
      await expectNoneLeft(join(cwd, ".jitnode-dev"));
    }
    expect((await once(cwd)).organization.id).toBe("playground");
  });

  test("a folder that cannot be written is named", async () => {
    const cwd = temporaryFolder();
    // Whoever is not root may not write it; for root the name is taken by a file.
    chmodSync(cwd, 0o500);
    if (process.getuid?.() === 0) writeFileSync(join(cwd, ".jitnode-dev"), "");
    const refused = await runCli(["dev", "--json"], { cwd });
    expect([refused.code, errorOf(refused)]).toMatchObject([1, { code: "folder_not_writable" }]);
    expect(refused.stdout).toContain(`${join(cwd, ".jitnode-dev")} cannot be written.`);
    chmodSync(cwd, 0o700);
  });

  test("a lock file that cannot be written is named", async () => {
    const user = unprivileged();
    const cwd = temporaryFolder({ owner: user });
    const folder = join(cwd, ".jitnode-dev");
    mkdirSync(folder, { mode: 0o700 });
    const lock = join(folder, "dev.lock");
    writeFileSync(lock, "", { mode: 0o444 });
    if (user !== undefined) for (const path of [folder, lock]) chownSync(path, user.uid, user.gid);
    const refused = await runCli(["dev", "--json"], { cwd, user });
    expect([refused.code, errorOf(refused)]).toMatchObject([1, { code: "folder_not_writable" }]);
    expect(refused.stdout).toContain(`${lock} cannot be written.`);

    // What fails otherwise is not explained by it.
    chmodSync(lock, 0o600);
    writeFileSync(lock, "no lock of ours".repeat(100));
    const odd = await runCli(["dev", "--json"], { cwd, user });
    expect([odd.code, errorOf(odd)]).toMatchObject([1, { code: "internal_error" }]);
  });

  test("a checkout in a very deep folder works", async () => {
    const cwd = join(temporaryFolder(), ...Array.from({ length: 8 }, () => "a-folder-with-a-long-name"));
    mkdirSync(cwd, { recursive: true });
    const env = { XDG_RUNTIME_DIR: temporaryFolder() };
    const first = await once(cwd, env);
    const file = readFileSync(first.environment_file, "utf8");
    const socket = /JITNODE_SOCKET='([^']*)'/.exec(file)?.[1] ?? "";
    expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(107);
    expect(statSync(join(socket, "..")).mode & 0o777).toBe(0o700);
    expect(socket.startsWith(env.XDG_RUNTIME_DIR)).toBe(true);
    expect(await once(cwd, env)).toEqual(first);
  });
});

describe("at a terminal", () => {
  test("it asks, and takes what is suggested for an answer", async () => {
    const cwd = temporaryFolder();
    const terminal = openTerminal(["dev", "--once"], { env: {}, home: temporaryFolder(), cwd });
    await terminal.waitFor(/Name to sign in with/);
    terminal.type(`eva${keys.enter}`);
    await terminal.waitFor(/Password/);
    terminal.type(keys.enter);
    await terminal.waitFor(/Name of the new organization/);
    terminal.type(`Acme Labs${keys.enter}`);
    await terminal.waitFor(/Its ID, fixed for life/);
    terminal.type(keys.enter);
    await terminal.waitFor(/is bound to acme-labs \(Acme Labs\)[^]*Sign-in name\s+eva/, 50_000);
    expect(await terminal.exited).toBe(0);
    expect(terminal.text()).toMatch(/Password\s+[\w-]{16,}/);
    expect(terminal.text()).not.toContain("Multiple concurrent spinners");
  });

  test("a password that was typed is never printed, also not by a second start", async () => {
    const cwd = temporaryFolder();
    const terminal = openTerminal(["dev", "--once"], { env: {}, home: temporaryFolder(), cwd });
    await terminal.waitFor(/Name to sign in with/);
    terminal.type(keys.enter);
    await terminal.waitFor(/Password/);
    terminal.type(`my own password${keys.enter}`);
    await terminal.waitFor(/Name of the new organization/);
    terminal.type(keys.enter);
    await terminal.waitFor(/Its ID, fixed for life/);
    terminal.type(keys.enter);
    await terminal.waitFor(/Password\s+the one you chose/, 50_000);
    expect(await terminal.exited).toBe(0);
    expect(terminal.raw()).not.toContain("my own password");
    expect((await once(cwd)).account).toEqual({ login: "dev" });
  });

  test("Ctrl-C at a question ends it with 0, and the next start asks again", async () => {
    const cwd = temporaryFolder();
    for (let round = 0; round < 2; round += 1) {
      const terminal = openTerminal(["dev"], { env: {}, home: temporaryFolder(), cwd });
      await terminal.waitFor(/Name to sign in with/);
      terminal.type(keys.interrupt);
      expect(await terminal.exited, terminal.text()).toBe(0);
    }
  });
});
