// Where things lie on this machine (DESIGN section 6): a pure function of the environment, who runs it and what can be
// written. Both the daemon and the command line use it, so that they find each other without a setting.

import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

export interface PathFacts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined where the system has no user ids. */
  readonly uid: number | undefined;
  readonly home: string;
  /** May files be made in this folder, or the folder itself be made? */
  readonly writable: (folder: string) => boolean;
}

export interface DaemonPaths {
  readonly stateDir: string;
  readonly socket: string;
}

const socketName = "jitnoded.sock";
const systemSocketDir = "/run/jitnode";
const systemStateDir = "/var/lib/jitnode";

const given = (facts: PathFacts, variable: string): string | undefined => {
  const value = facts.environment[variable];
  return value === undefined || value === "" ? undefined : value;
};

/** Root, and whoever may write there, uses the system's folder. */
const orSystem = (facts: PathFacts, system: string, own: () => string): string =>
  facts.uid === 0 || facts.writable(system) ? system : own();

const stateHome = (facts: PathFacts): string => given(facts, "XDG_STATE_HOME") ?? join(facts.home, ".local", "state");

function ownSocket(facts: PathFacts, stateDir: string): string {
  const runtime = given(facts, "XDG_RUNTIME_DIR");
  return join(runtime === undefined ? stateDir : join(runtime, "jitnode"), socketName);
}

export const defaultStateDir = (facts: PathFacts): string =>
  orSystem(facts, systemStateDir, () => join(stateHome(facts), "jitnode"));

export const defaultControlDataDir = (facts: PathFacts): string =>
  orSystem(facts, "/var/lib/jitnode-control", () => join(stateHome(facts), "jitnode-control"));

export function daemonPaths(facts: PathFacts): DaemonPaths {
  const stateDir = given(facts, "JITNODE_STATE_DIR") ?? defaultStateDir(facts);
  const socket =
    given(facts, "JITNODE_SOCKET") ??
    (facts.uid === 0 || facts.writable(systemSocketDir)
      ? join(systemSocketDir, socketName)
      : ownSocket(facts, stateDir));
  return { stateDir, socket };
}

/** Where the command line looks for the daemon, in this order: the system's, then the person's own. */
export function socketCandidates(facts: PathFacts): readonly string[] {
  const named = given(facts, "JITNODE_SOCKET");
  if (named !== undefined) return [named];
  const stateDir = given(facts, "JITNODE_STATE_DIR") ?? join(stateHome(facts), "jitnode");
  const candidates = [join(systemSocketDir, socketName), ownSocket(facts, stateDir), join(stateDir, socketName)];
  return [...new Set(candidates)];
}

export function readPathFacts(environment: PathFacts["environment"]): PathFacts {
  return { environment, uid: process.getuid?.(), home: homedir(), writable: isWritable };
}

function isWritable(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
      return true;
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!missing || path === dirname(path)) return false;
    }
  }
}
