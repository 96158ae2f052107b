import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { onTestFinished, test, expect } from "vitest";
import { createClock } from "../../../src/platform/clock.js";
import { acquireLock } from "../../../src/platform/process-lock.js";
import { readableCheckout, unprivileged } from "../../support/other-user.js";
import { startProgram } from "../../support/program.js";
import { temporaryFolder } from "../../support/temporary.js";

const clock = createClock();
const atOnce = { clock, timeout: 0 };

function lockPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "jn-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "lock");
}

test("one holder at a time, also within a process; asking does not loosen it", async () => {
  const path = lockPath();
  const first = await acquireLock(path, atOnce);
  expect(first).toBeDefined();
  expect(await acquireLock(path, atOnce)).toBeUndefined();
  expect(await acquireLock(path, atOnce)).toBeUndefined();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  first?.release();
  const second = await acquireLock(path, atOnce);
  expect(second).toBeDefined();
  second?.release();
});

test("whoever waits gets it when it is released, and stops waiting when told to", async () => {
  const path = lockPath();
  const first = await acquireLock(path, atOnce);
  const stop = new AbortController();
  const stopped = acquireLock(path, { clock, timeout: 60_000, signal: stop.signal });
  const waiting = acquireLock(path, { clock, timeout: 60_000 });
  stop.abort();
  expect(await stopped).toBeUndefined();
  first?.release();
  const second = await waiting;
  expect(second).toBeDefined();
  second?.release();
});

test("another process holds it, until that process is killed", async () => {
  const path = lockPath();
  const program = `import D from ${JSON.stringify(import.meta.resolve("better-sqlite3"))};
    const d = new D(process.argv[1]); d.exec("BEGIN EXCLUSIVE"); console.log("held"); setInterval(() => d, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  expect(await acquireLock(path, atOnce)).toBeUndefined();
  child.kill("SIGKILL");
  await once(child, "exit");
  const lock = await acquireLock(path, atOnce);
  expect(lock).toBeDefined();
  lock?.release();
});

test("what can be read and not written is no lock: the system's error", async () => {
  const user = unprivileged();
  const path = join(temporaryFolder({ owner: user }), "lock");
  writeFileSync(path, "");
  chmodSync(path, 0o444);
  const module = (name: string): string => JSON.stringify(join(readableCheckout(user), "dist/platform", `${name}.js`));
  const script = `import { acquireLock } from ${module("process-lock")};
    import { createClock } from ${module("clock")};
    const lock = await acquireLock(process.argv[1], { clock: createClock(), timeout: 0 }).catch(({ code }) => code);
    console.log(lock);`;
  const program = startProgram({ name: "locking", args: ["--input-type=module", "-e", script, path], user });
  await program.exited;
  expect(program.stdout(), program.stderr()).toBe("EACCES\n");
});
