// GET /v1/status of the running daemon beside a bare server that sends the same bytes, while the state changes.

import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median, runProcess, sleep, times } from "../measure.js";
import { ask, root } from "../site.js";

const rounds = 5;
const duration = 2_500;
const connections = 8;
const floor = (name) => join(root, "test/bench/floors", name);

/** A bare server on a socket in the site's folder, sending what the daemon's status is now. */
export async function startBareServer(site) {
  const { body } = await ask(site.environment.JITNODE_SOCKET, "GET", "/v1/status");
  const file = join(site.folder, "bytes.json");
  const socket = join(site.folder, "bare.sock");
  writeFileSync(file, body);
  // An earlier one leaves it behind when it is ended.
  rmSync(socket, { force: true });
  const child = spawn(process.execPath, [floor("bare-server.js"), socket, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return {
    socket,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const load = async (socket) => {
  const args = [floor("socket-load.js"), socket, String(connections), String(duration)];
  const result = await runProcess(process.execPath, args);
  return JSON.parse(result.stdout);
};

/**
 * The control plane goes away and comes back during the run, so what the daemon answers must follow. The bare server is
 * loaded beside the same, or it would have the cores to itself.
 */
async function disturbedLoad(site, socket) {
  while (!(await site.isConnected())) await sleep(100);
  const restarted = sleep(duration / 4).then(() => site.restartControl());
  const result = await load(socket);
  await restarted;
  return result;
}

export async function measure(site) {
  const bare = await startBareServer(site);
  const socket = site.environment.JITNODE_SOCKET;
  const [daemonRates, bareRates] = [[], []];
  let distinct = Number.POSITIVE_INFINITY;
  try {
    await load(socket);
    await load(bare.socket);
    for (let round = 0; round < rounds; round += 1) {
      const result = await disturbedLoad(site, socket);
      distinct = Math.min(distinct, result.distinct);
      daemonRates.push(result.requests / result.seconds);
      const other = await disturbedLoad(site, bare.socket);
      bareRates.push(other.requests / other.seconds);
    }
  } finally {
    await bare.stop();
  }
  if (distinct < 2) throw new Error("the status did not change during a run");
  const ratio = median(daemonRates.map((rate, index) => rate / bareRates[index]));
  const perSecond = (rates) => `${Math.round(median(rates))} a second`;
  return [
    [
      `local API \`GET /v1/status\`, ${connections} connections, at least ${distinct} different answers in each run`,
      perSecond(daemonRates),
      `bare node:http server ${perSecond(bareRates)}`,
      times(ratio),
      "at least 0.8 ×",
    ],
  ];
}
