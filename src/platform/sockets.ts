// Listening on a Unix socket: its folder (0750), its mode (0660) and group, and who may take over the path. A socket
// that nobody answers on is stale and replaced; one that somebody answers on never is; anything else is not touched.

import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, linkSync, lstatSync, readFileSync, renameSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { systemErrorCode } from "./atomic-file.js";
import { makeFolders } from "./folders.js";

/** `sun_path` holds 108 bytes with the final zero (unix(7)). */
export const socketPathLimit = 107;

export type ListenOutcome =
  /** The path goes when the server is closed. */
  | { readonly kind: "listening" }
  | { readonly kind: "too_long" }
  /** Somebody else answers there. */
  | { readonly kind: "in_use" }
  /** There is something that is no socket, or the folder cannot be used. */
  | { readonly kind: "refused"; readonly detail: string };

export interface ListenOptions {
  readonly path: string;
  /** The group that may connect, if the system has one of this name and this process may give files to it. */
  readonly group: string;
}

export async function listenOnSocket(server: Server, options: ListenOptions): Promise<ListenOutcome> {
  const { path } = options;
  if (Buffer.byteLength(path) > socketPathLimit) return { kind: "too_long" };
  const gid = groupId(options.group);
  try {
    makeSocketFolder(dirname(path), gid);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && !found.isSocket()) return { kind: "refused", detail: `${path} is not a socket` };
    if (found !== undefined && !(await takeOver(path))) return { kind: "in_use" };
    await bind(server, path);
    giveTo(path, gid);
  } catch (error) {
    if (systemErrorCode(error) === "EADDRINUSE") return { kind: "in_use" };
    return { kind: "refused", detail: error instanceof Error ? error.message : String(error) };
  }
  return { kind: "listening" };
}

/**
 * Moves a stale socket aside and removes it. It is asked again once it is out of the way: if another daemon took the
 * path over a moment ago, its live socket is put back.
 */
async function takeOver(path: string): Promise<boolean> {
  if (await answers(path)) return false;
  const aside = `${path}.${randomBytes(4).toString("hex")}`;
  if (Buffer.byteLength(aside) > socketPathLimit) {
    unlinkSync(path);
    return true;
  }
  renameSync(path, aside);
  if (await answers(aside)) {
    linkSync(aside, path);
    unlinkSync(aside);
    return false;
  }
  unlinkSync(aside);
  return true;
}

/** Does somebody accept connections there? No rights to ask counts as yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect(path);
    attempt.once("connect", () => {
      attempt.destroy();
      resolve(true);
    });
    attempt.once("error", (error) => {
      const code = systemErrorCode(error);
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT");
    });
  });
}

/** The mode is right from the first moment: bind(2) applies the umask. */
function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const before = process.umask(0o117);
    try {
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** A folder that is there already keeps its mode: it may be the state directory, or the service manager's. */
function makeSocketFolder(folder: string, gid: number | undefined): void {
  if (makeFolders(folder, 0o750) === undefined) return;
  chmodSync(folder, 0o750);
  giveTo(folder, gid);
}

function giveTo(path: string, gid: number | undefined): void {
  if (gid === undefined) return;
  try {
    chownSync(path, process.getuid?.() ?? -1, gid);
  } catch (error) {
    // Not a member of that group: the socket stays with the daemon's own.
    if (systemErrorCode(error) !== "EPERM") throw error;
  }
}

/** Of /etc/group, since Node.js has no getgrnam. */
function groupId(name: string): number | undefined {
  try {
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((entry) => entry.startsWith(`${name}:`));
    const gid = Number(line?.split(":")[2] ?? Number.NaN);
    return Number.isInteger(gid) ? gid : undefined;
  } catch {
    return undefined;
  }
}
