// The suite's own machinery: what it starts is real, ends with the test, and leaves nothing behind.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterEach, describe, expect, test, vi } from "vitest";
import { unprivileged } from "../support/other-user.js";
import { createDatabase, startPostgres } from "../support/postgres.js";
import { runCli, startControl, startDaemon, startProgram } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";

afterEach(() => vi.unstubAllEnvs());

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is gone all the same.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe("programs", () => {
  test("a program sees a minimal environment and nothing of the suite's", async () => {
    vi.stubEnv("JITNODE_SERVER", "https://leak.example");
    const program = startProgram({ name: "env", args: ["-p", "JSON.stringify(Object.keys(process.env).sort())"] });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(JSON.parse(program.stdout())).toEqual(["HOME", "LANG", "NODE_COMPILE_CACHE", "PATH"]);
  });

  test("waitForLog finds lines printed before and after, and fails when the program ends", async () => {
    const script =
      "console.error('one'); process.stdin.on('data', () => console.log('two')).on('end', () => process.exit(3))";
    const program = startProgram({ name: "lines", args: ["-e", script], stdin: "open" });
    expect(await program.waitForLog(/on/)).toBe("one");
    const later = program.waitForLog((line) => line === "two");
    program.child.stdin?.write("go");
    expect(await later).toBe("two");
    expect(await program.waitForLog(/^one$/)).toBe("one");
    const never = program.waitForLog(/three/);
    program.child.stdin?.end();
    await expect(never).rejects.toThrow(/ended \(3\) before it printed \/three\/[^]*two/);
  });

  test("kill takes what a program started along", async () => {
    const script =
      "const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)']); console.log(c.pid); setInterval(() => {}, 1e3)";
    const program = startProgram({ name: "parent", args: ["-e", script] });
    const grandchild = Number(await program.waitForLog(/^\d+$/));
    expect(alive(grandchild)).toBe(true);
    await program.kill();
    expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
    await vi.waitFor(() => expect(alive(grandchild)).toBe(false));
  });

  test("nothing outlives a test process that is killed", async () => {
    const guard = fileURLToPath(new URL("../support/guard.ts", import.meta.url));
    const folder = temporaryFolder();
    const left = join(folder, "left");
    mkdirSync(left);
    const victim = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e3)"], { detached: true, stdio: "ignore" });
    const holder = startProgram({ name: "guard", args: [guard], stdin: "open" });
    holder.child.stdin?.write(
      `{"do":"watch","group":${victim.pid}}\n{"do":"watch","folder":${JSON.stringify(left)}}\n`,
    );
    expect(alive(Number(victim.pid))).toBe(true);
    holder.child.stdin?.end();
    expect(await holder.exited).toEqual({ code: 0, signal: null });
    expect(alive(Number(victim.pid))).toBe(false);
    expect(existsSync(left)).toBe(false);
  });

  test("a program runs without rights, also where the suite is root", async () => {
    const user = unprivileged();
    const folder = temporaryFolder({ mode: 0o500, owner: user });
    const script = `require('fs').writeFileSync(${JSON.stringify(join(folder, "x"))}, '')`;
    const program = startProgram({ name: "no rights", args: ["-e", script], user });
    expect((await program.exited).code).toBe(1);
    expect(program.stderr()).toMatch(/EACCES/);
  });

  test("a file size limit stops a write", async () => {
    const file = join(temporaryFolder(), "big");
    const script = `process.on('SIGXFSZ', () => {}); require('fs').writeFileSync(${JSON.stringify(file)}, Buffer.alloc(9000))`;
    const program = startProgram({ name: "limit", args: ["-e", script], fileSizeLimit: 4096 });
    expect((await program.exited).code).toBe(1);
    expect(program.stderr()).toMatch(/EFBIG/);
    expect(statSync(file).size).toBe(4096);
  });

  test("the three programs are started from the checkout that JITNODE_TEST_ROOT names", async () => {
    const root = temporaryFolder({ mode: 0o755 });
    mkdirSync(join(root, "bin"));
    writeFileSync(join(root, "package.json"), "{}");
    const serve = "require('http').createServer((q, r) => { r.statusCode = 200; r.end(q.url + q.headers.host) })";
    const listen = `const [h, p] = process.env.JITNODE_CONTROL_LISTEN.split(":"); ${serve}.listen(p, h)`;
    writeFileSync(join(root, "bin", "jitnode-control.js"), listen);
    writeFileSync(join(root, "bin", "jitnoded.js"), `${serve}.listen(process.env.JITNODE_SOCKET)`);
    writeFileSync(join(root, "bin", "jitnode.js"), "process.stdin.pipe(process.stdout); process.exitCode = 7");
    vi.stubEnv("JITNODE_TEST_ROOT", root);

    const control = await startControl({ deviceCodeTtl: "2s" });
    expect(await (await fetch(`${control.url}/x`)).text()).toBe(`/x127.0.0.1:${control.port}`);
    const daemon = await startDaemon({ server: control.url, user: unprivileged() });
    expect(statSync(daemon.socket).uid).toBe(unprivileged()?.uid ?? process.getuid?.());
    expect(daemon.socket.length).toBeLessThan(60);
    expect(await runCli(["status"], { stdin: "in", env: daemon.cliEnv })).toMatchObject({ code: 7, stdout: "in" });
    writeFileSync(join(root, "bin", "jitnode-control.js"), "console.error('broken'); process.exit(1)");
    await expect(startControl()).rejects.toThrow(/ended before it was ready[^]*broken/);
  });
});

describe("PostgreSQL", () => {
  test("each database is empty, its own, and gone after drop", async () => {
    const [one, two] = await Promise.all([createDatabase(), createDatabase()]);
    await query(one.url, "create table t (x int)");
    expect(await query(two.url, "select to_regclass('t') as t")).toEqual([{ t: null }]);
    await one.drop();
    await expect(query(one.url, "select 1")).rejects.toThrow(/does not exist/);
    await one.drop();
  });

  test("a template is prepared once and copied", async () => {
    let prepared = 0;
    const template = {
      name: `support-${process.pid}`,
      prepare: async (url: string): Promise<void> => {
        prepared += 1;
        await query(url, "create table t as select 42 as x");
      },
    };
    const databases = await Promise.all([1, 2, 3].map(() => createDatabase({ template })));
    for (const { url } of databases) expect(await query(url, "select x from t")).toEqual([{ x: 42 }]);
    expect(prepared).toBe(1);
  });

  test("a server of its own is durable where asked, and leaves nothing when stopped", async () => {
    const server = await startPostgres({ durable: true });
    expect(await query(server.url("postgres"), "select current_setting('fsync') as f")).toEqual([{ f: "on" }]);
    const [data] = await query(server.url("postgres"), "select current_setting('data_directory') as path");
    await server.stop();
    expect(alive(server.pid)).toBe(false);
    expect(existsSync((data as { readonly path: string }).path)).toBe(false);
  });
});
