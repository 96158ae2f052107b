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
    const [before, floorBefore] = [readProcess(site.daemonPid), readProcess(bare.pid)];
    await sleep(minute);
    const [after, floor] = [readProcess(site.daemonPid), readProcess(bare.pid)];
    const seconds = (last, first) => `${(last.cpuSeconds - first.cpuSeconds).toFixed(2)} s`;
    return [
      [
        "daemon at rest, resident",
        `${after.residentMb.toFixed(0)} MB`,
        `bare server ${floor.residentMb.toFixed(0)} MB`,
        `${times(after.residentMb / floor.residentMb)}, ${(after.residentMb - floor.residentMb).toFixed(0)} MB above`,
        "at most 40 MB above",
      ],
      [
        "daemon at rest, processor time in one sample of 60 s",
        seconds(after, before),
        `bare server ${seconds(floor, floorBefore)}`,
        "–",
        "at most 0.2 s",
      ],
    ];
  } finally {
    await bare.stop();
  }
}
