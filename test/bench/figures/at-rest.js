// The daemon at rest, bound and connected: resident memory above a bare server, and processor time in a minute.

import { readProcess, sleep, times } from "../measure.js";
import { ask } from "../site.js";
import { startBareServer } from "./local-api.js";

const settle = 5_000;
const minute = 60_000;

export async function measure(site) {
  await sleep(settle);
  const { body } = await ask(site.environment.JITNODE_SOCKET, "GET", "/v1/status");
  const status = JSON.parse(body);
  if (status.state !== "bound" || status.connection !== "connected") throw new Error(`not at rest: ${body}`);
  const bare = await startBareServer(site);
  try {
    await ask(bare.socket, "GET", "/");
    const before = readProcess(site.daemonPid);
    await sleep(minute);
    const after = readProcess(site.daemonPid);
    const floor = readProcess(bare.pid);
    const cpu = after.cpuSeconds - before.cpuSeconds;
    return [
      [
        "daemon at rest, resident",
        `${after.residentMb.toFixed(0)} MB`,
        `bare server ${floor.residentMb.toFixed(0)} MB`,
        `${times(after.residentMb / floor.residentMb)}, ${(after.residentMb - floor.residentMb).toFixed(0)} MB above`,
        "at most 40 MB above",
      ],
      ["daemon at rest, processor time in 60 s", `${cpu.toFixed(2)} s`, "–", "–", "at most 0.2 s"],
    ];
  } finally {
    await bare.stop();
  }
}
