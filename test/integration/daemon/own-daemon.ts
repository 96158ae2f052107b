// Owns a daemon inside the test process, for what would take minutes with the real clock: its clock runs faster.
import { join } from "node:path";
import { readDaemonConfig } from "../../../src/daemon/config.js";
import { startDaemon, type Daemon } from "../../../src/daemon/start.js";
import { createSettingsReader } from "../../../src/config/read.js";
import { createClock, type Clock } from "../../../src/platform/clock.js";
import { createLog } from "../../../src/platform/log.js";
import { createRandom } from "../../../src/platform/random.js";
import { onEnd } from "../../support/cleanup.js";
import { temporaryFolder } from "../../support/temporary.js";

export type OwnDaemon = Daemon & {
  readonly socket: string;
  readonly stateDir: string;
  readonly printed: () => string;
  readonly logged: () => string;
};

export type OwnDaemonOptions = {
  readonly server?: string;
  /** How many times faster than the real one its clock is. */
  readonly speed?: number;
  /** How far ahead of the real one its clock is, in milliseconds. */
  readonly ahead?: number;
  readonly stateDir?: string;
  readonly mountinfo?: string;
};

function otherClock(speed: number, ahead: number): Clock {
  const real = createClock();
  const start = real.now();
  return {
    now: () => start + ahead + (real.now() - start) * speed,
    sleep: (ms, signal) => real.sleep(Math.min(ms / speed, 2 ** 31 - 1), signal),
  };
}

export async function startOwnDaemon(options: OwnDaemonOptions = {}): Promise<OwnDaemon> {
  const stateDir = options.stateDir ?? temporaryFolder();
  const socket = join(stateDir, "s.sock");
  let [printed, logged] = ["", ""];
  const environment = { JITNODE_SERVER: options.server, JITNODE_NAME: "own" };
  const daemon = await startDaemon({
    config: readDaemonConfig(createSettingsReader(environment), { stateDir, socket }),
    clock: otherClock(options.speed ?? 1, options.ahead ?? 0),
    random: createRandom(),
    log: createLog({ level: "debug", format: "json", program: "jitnoded", write: (line) => (logged += line) }),
    print: (text) => (printed += text),
    ...(options.mountinfo === undefined ? {} : { surroundings: { mountinfo: options.mountinfo, inContainer: true } }),
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= daemon.close());
  onEnd(close);
  return { close, socket, stateDir, printed: () => printed, logged: () => logged };
}
