// A control plane and a bound daemon for the figures: bound by `jitnode dev --once` in a temporary folder, then started
// as the programs they are, so that one of them can be stopped and started while the other is measured.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProcess, sleep } from "./measure.js";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const bin = (name) => join(root, "bin", `${name}.js`);

/** One request to the daemon. @returns {Promise<{status: number, body: string}>} */
export function ask(socketPath, method, path) {
  return new Promise((resolve, reject) => {
    request({ socketPath, method, path, headers: { host: "jitnoded" } }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => (body += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, body }));
    })
      .on("error", reject)
      .end();
  });
}

/** The variables that `jitnode dev` wrote for a second terminal. */
function readEnvironment(file) {
  const found = {};
  for (const [, name, value] of readFileSync(file, "utf8").matchAll(/^export (\w+)='(.*)'$/gm)) found[name] = value;
  return found;
}

function start(name, args, environment) {
  const child = spawn(process.execPath, [bin(name), ...args], {
    env: environment,
    stdio: ["ignore", "ignore", "ignore"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  return {
    pid: child.pid,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function until(what, ready) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (await ready().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`${what} took more than 30 s`);
}

/** @returns the environment of the programs, the daemon's pid, `isConnected`, `restartControl` and `stop` */
export async function startSite(more = {}) {
  const folder = mkdtempSync(join(tmpdir(), "jnb-"));
  const base = { PATH: process.env.PATH, HOME: folder, LANG: "C.UTF-8" };
  const made = await runProcess(process.execPath, [bin("jitnode"), "dev", "--once"], { cwd: folder, env: base });
  if (made.code !== 0) throw new Error(`jitnode dev --once ended with ${made.code}:\n${made.stdout}`);
  const environment = { ...base, ...readEnvironment(join(folder, ".jitnode-dev/env")), ...more };

  const alive = async () => (await fetch(`${environment.JITNODE_SERVER}/health/live`)).ok;
  const isConnected = async () => {
    const { body } = await ask(environment.JITNODE_SOCKET, "GET", "/v1/status");
    const status = JSON.parse(body);
    return status.state === "bound" && status.connection === "connected";
  };
  let control = start("jitnode-control", ["serve"], environment);
  await until("the control plane's start", alive);
  const daemon = start("jitnoded", [], environment);
  await until("the daemon's connection", isConnected);
  return {
    folder,
    environment,
    daemonPid: daemon.pid,
    isConnected,
    async restartControl() {
      await control.stop();
      control = start("jitnode-control", ["serve"], environment);
      await until("the control plane's start", alive);
    },
    async stop() {
      await daemon.stop();
      await control.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
