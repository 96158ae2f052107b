// Owns one run of a scenario on a lane: the programs, the one that is to be killed at its step, and its return.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase, type Tables } from "../property/rows.js";
import { createWire, type Target } from "../property/wire.js";
import { startCli, startControl, startDaemon, type Program, type Result } from "../support/programs.js";
import { copyPrepared, type Lane, type Part } from "./lane.js";
import { halted, haltingAt, recording, type Kill, type Return, type Victim } from "./steps.js";

/** Seconds: short enough to wait for, long enough for a busy machine to get through in one go. */
export const times = { retryWindow: 3, deviceCodeTtl: 5 } as const;
const waits: Readonly<Record<Return, number>> = {
  "at once": 0,
  "after the retry window": times.retryWindow * 1000 + 300,
  "after the code's expiry": times.deviceCodeTtl * 1000 + 300,
};

/** One program through its lives: the first one may be made to stand still, all others run freely. */
type Lives = {
  /** Starts it, unless it runs, and waits until it answers. Killed at its step, it comes back by itself. */
  start(): Promise<void>;
  stop(): Promise<void>;
  output(): string;
};

/** Whose home folder. */
export type Who = "admin" | "member" | "renewing";

export type Scene = {
  readonly lane: Lane;
  readonly kill: Kill | undefined;
  readonly control: Lives;
  readonly daemon: Lives;
  cli(args: readonly string[], who: Who, stdin?: string): Promise<Result>;
  /** The daemon's socket, and the folders of the state that this run began with. */
  readonly socket: string;
  path(part: Part | "new-node"): string;
  tables(): Promise<Tables>;
  /** Was the step reached, and the program killed there? */
  killed(): boolean;
};

export type SceneOptions = {
  readonly lane: Lane;
  readonly kill?: Kill | undefined;
  /** Records the steps of each program in this folder. */
  readonly record?: string;
  /** A control plane without anything, a node without a binding, instead of the prepared ones. */
  readonly fresh: readonly ("control" | "node")[];
};

export const recordFile = (folder: string, victim: Victim): string => join(folder, `${victim}.steps`);

export function createScene({ lane, kill, record, fresh }: SceneOptions): Scene {
  const folder = copyPrepared(lane);
  const path = (part: Part | "new-node"): string => join(folder, part);
  const dataDir = fresh.includes("control") ? join(folder, "new-control") : path("control");
  const stateDir = fresh.includes("node") ? path("new-node") : path("node");
  for (const made of [dataDir, stateDir]) mkdirSync(made, { recursive: true, mode: 0o700 });
  const socket = join(stateDir, "jitnoded.sock");
  let killed = false;

  /** What the environment of this life of the victim says. */
  const watched = (victim: Victim): Readonly<Record<string, string>> => {
    if (record !== undefined) return recording(recordFile(record, victim));
    return kill?.victim === victim && !killed ? haltingAt(kill.step) : {};
  };
  /** Resolves when the program has ended, saying whether it stood still and was killed for it. */
  const untilEnd = async (program: Program): Promise<boolean> => {
    const standing = program.waitForLog(halted, 600_000).then(
      () => true,
      () => false,
    );
    const stood = await Promise.race([standing, program.exited.then(() => false)]);
    if (stood) {
      killed = true;
      await program.kill();
    }
    await program.exited;
    return stood;
  };
  const away = (): Promise<void> => sleep(kill === undefined ? 0 : waits[kill.back]);

  const lives = (launch: () => Promise<Program>, answers: () => Promise<boolean>): Lives => {
    let program: Program | undefined;
    let wanted = false;
    /** Its end, and its return where it was killed at its step. */
    let over: Promise<void> = Promise.resolve();
    let running = false;
    let output = "";
    const live = async (): Promise<void> => {
      const next = await launch();
      program = next;
      const stood = await untilEnd(next);
      output += next.stdout() + next.stderr();
      program = undefined;
      if (!stood) return;
      await away();
      if (wanted) await live();
    };
    return {
      output: () => output + (program === undefined ? "" : program.stdout() + program.stderr()),
      async start() {
        wanted = true;
        const deadline = performance.now() + 40_000;
        for (;;) {
          if (!running) {
            running = true;
            over = live().finally(() => (running = false));
          }
          if (await answers()) return;
          if (performance.now() > deadline) throw new Error("a program does not answer");
          await sleep(25);
        }
      },
      async stop() {
        wanted = false;
        await program?.kill();
        await over;
      },
    };
  };

  const control = lives(
    () =>
      startControl({
        wait: false,
        dataDir,
        port: lane.port,
        metricsPort: lane.metricsPort,
        deviceInterval: "1",
        retryWindow: String(times.retryWindow),
        deviceCodeTtl: String(times.deviceCodeTtl),
        accessTokenTtl: "86400",
        env: { JITNODE_LOG_LEVEL: "warn", ...watched("control") },
      }),
    () => answers({ urls: [lane.issuer] }, "/health/live"),
  );
  const daemon = lives(
    () =>
      startDaemon({
        wait: false,
        stateDir,
        socket,
        server: lane.issuer,
        env: { JITNODE_LOG_LEVEL: "warn", ...watched("daemon") },
      }),
    () => answers({ socket }, "/v1/health/live"),
  );

  return {
    lane,
    kill,
    control,
    daemon,
    socket,
    path,
    killed: () => killed,
    async cli(args, who, stdin) {
      const program = startCli(args, {
        home: path(who),
        env: {
          JITNODE_SERVER: lane.issuer,
          JITNODE_SOCKET: socket,
          JITNODE_STATE_DIR: stateDir,
          ...watched("cli"),
        },
        ...(stdin === undefined ? {} : { stdin }),
      });
      const timer = setTimeout(() => program.signalGroup("SIGKILL"), 70_000);
      const stood = await untilEnd(program);
      clearTimeout(timer);
      if (stood) await away();
      return { ...(await program.exited), stdout: program.stdout(), stderr: program.stderr() };
    },
    async tables() {
      const database = await openDatabase({ file: join(dataDir, "control.db") });
      try {
        return await database.read();
      } finally {
        await database.close();
      }
    },
  };
}

async function answers(target: Target, path: string): Promise<boolean> {
  const wire = createWire(target);
  try {
    return (await wire.send({ method: "GET", path })).status === 200;
  } catch {
    return false;
  } finally {
    wire.close();
  }
}
