// Where things lie on this machine (DESIGN section 6): pure functions of the environment, of who runs the program and of
// what can be written. Daemon and command line use the same ones, so that they find each other without a setting.

import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Machine {
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

const given = (environment: Environment, variable: string): string | undefined => {
  const value = environment[variable];
  return value === undefined || value === "" ? undefined : value;
};

/** Root, and whoever may write there, uses the system's folder; others one of their own. */
const orOwn = (machine: Machine, system: string, own: string): string =>
  machine.uid === 0 || machine.writable(system) ? system : own;

const stateHome = (environment: Environment, machine: Machine): string =>
  given(environment, "XDG_STATE_HOME") ?? join(machine.home, ".local", "state");

function ownSocketDir(environment: Environment, stateDir: string): string {
  const runtime = given(environment, "XDG_RUNTIME_DIR");
  return runtime === undefined ? stateDir : join(runtime, "jitnode");
}

export function daemonPaths(environment: Environment, machine: Machine = thisMachine()): DaemonPaths {
  const ownStateDir = join(stateHome(environment, machine), "jitnode");
  const stateDir = given(environment, "JITNODE_STATE_DIR") ?? orOwn(machine, "/var/lib/jitnode", ownStateDir);
  const socketDir = orOwn(machine, systemSocketDir, ownSocketDir(environment, stateDir));
  return { stateDir, socket: given(environment, "JITNODE_SOCKET") ?? join(socketDir, socketName) };
}

/** Where the command line looks for the daemon, in this order: the system's, then the person's own. */
export function socketCandidates(environment: Environment, machine: Machine = thisMachine()): readonly string[] {
  const named = given(environment, "JITNODE_SOCKET");
  if (named !== undefined) return [named];
  const stateDir = given(environment, "JITNODE_STATE_DIR") ?? join(stateHome(environment, machine), "jitnode");
  const folders = [systemSocketDir, ownSocketDir(environment, stateDir), stateDir];
  return [...new Set(folders)].map((folder) => join(folder, socketName));
}

/** The control plane's data directory where none is set. */
export const defaultControlDataDir = (environment: Environment, machine: Machine = thisMachine()): string =>
  orOwn(machine, "/var/lib/jitnode-control", join(stateHome(environment, machine), "jitnode-control"));

/** Sessions and preferences of the command line. */
export const configFolder = (environment: Environment, machine: Machine = thisMachine()): string =>
  given(environment, "JITNODE_CONFIG_DIR") ??
  join(given(environment, "XDG_CONFIG_HOME") ?? join(machine.home, ".config"), "jitnode");

const thisMachine = (): Machine => ({ uid: process.getuid?.(), home: ownHome(), writable: isWritable });

/** An arbitrary uid of a container has no entry in any user database, and perhaps no HOME. */
function ownHome(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
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
