// GET /v1/status of the running daemon beside a bare server that sends the same bytes, while the state changes.

import { spawn } from "node:child_process";
import { request } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { median, readProcess, runProcess, sleep, times } from "../measure.js";
import { root } from "../site.js";

const rounds = 5;
const duration = 2_000;
const connections = 8;
const floor = (name) => join(root, "test/bench/floors", name);

/** One request to the daemon. */
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

/** A bare server on a socket in the site's folder, sending what the daemon's status is now. */
export async function startBareServer(site) {
  const { body } = await ask(site.environment.JITNODE_SOCKET, "GET", "/v1/status");
  const file = join(site.folder, "bytes.json");
  const socket = join(site.folder, "bare.sock");
  writeFileSync(file, body);
  const child = spawn(process.execPath, [floor("bare-server.js"), socket, file], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return { socket, pid: child.pid, stop: () => void child.kill("SIGKILL") };
}

const load = async (socket) => {
  const result = await runProcess(process.execPath, [floor("socket-load.js"), socket, String(connections), String(duration)]);
  return JSON.parse(result.stdout);
};

export async function measure(site) {
  const bare = await startBareServer(site);
  const socket = site.environment.JITNODE_SOCKET;
  const [daemonRates, bareRates] = [[], []];
  let distinct = 0;
  try {
    await load(socket);
    await load(bare.socket);
    for (let round = 0; round < rounds; round += 1) {
      // The connection goes away and comes back during the run: the answers must follow.
      const changes = changeState(site);
      const result = await load(socket);
      await changes;
      distinct = Math.max(distinct, result.distinct);
      daemonRates.push(result.requests / result.seconds);
      const other = await load(bare.socket);
      bareRates.push(other.requests / other.seconds);
    }
  } finally {
    bare.stop();
  }
  if (distinct < 2) throw new Error("the status did not change during the run");
  const ratio = median(daemonRates.map((rate, index) => rate / bareRates[index]));
  const perSecond = (rates) => `${Math.round(median(rates))} a second`;
  return [
    [
      `local API \`GET /v1/status\`, ${connections} connections, ${distinct} different answers in a run`,
      perSecond(daemonRates),
      `bare node:http server ${perSecond(bareRates)}`,
      times(ratio),
      "at least 0.8 ×",
    ],
  ];
}

/** Stops and continues the control plane's process, so that the daemon sees it go and come. */
async function changeState(site) {
  await sleep(duration / 4);
  await site.changeState();
}

export { readProcess };
