// A control plane and a bound daemon for the figures: `jitnode dev` in a temporary folder, as a user starts it.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sleep } from "./measure.js";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const bin = (name) => join(root, "bin", `${name}.js`);

/** The variables that `jitnode dev` wrote for a second terminal. */
function readEnvironment(file) {
  const found = {};
  for (const [, name, value] of readFileSync(file, "utf8").matchAll(/^export (\w+)=(.*)$/gm)) {
    found[name] = value.replace(/^'|'$/g, "").replaceAll(`'\\''`, "'");
  }
  return found;
}

function childrenOf(pid) {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return list === "" ? [] : list.split(" ").map(Number);
}

/** Starts it and waits until it is bound. @returns environment for the CLI, the daemon's pid, and `stop()` */
export async function startSite(more = {}) {
  const folder = mkdtempSync(join(tmpdir(), "jnb-"));
  const environment = { PATH: process.env.PATH, HOME: folder, LANG: "C.UTF-8", ...more };
  const child = spawn(process.execPath, [bin("jitnode"), "dev"], { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const started = Date.now();
  while (!output.includes("org members")) {
    if (child.exitCode !== null || Date.now() - started > 60_000) throw new Error(`jitnode dev did not start:\n${output}`);
    await sleep(100);
  }
  const daemonPid = childrenOf(child.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("jitnoded"));
  return {
    environment: { ...environment, ...readEnvironment(join(folder, ".jitnode-dev/env")) },
    folder,
    daemonPid,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
