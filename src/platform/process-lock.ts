// A lock between processes that dies with its holder, however it dies: SQLite's lock on an empty file (POSIX record
// locks have no portable door in Node, and a lock file with a pid in it outlives a SIGKILL).

import { accessSync, closeSync, constants, openSync } from "node:fs";
import Database from "better-sqlite3";
import { systemErrorCode } from "./atomic-file.js";
import type { Clock } from "./clock.js";

export interface ProcessLock {
  release(): void;
}

export interface LockWait {
  readonly clock: Clock;
  /** Milliseconds to wait for whoever holds it; 0 asks once. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

const pause = 25;

/** Undefined when somebody else held it all the time. Throws the system's error where the file cannot be made or written. */
export async function acquireLock(path: string, wait: LockWait): Promise<ProcessLock | undefined> {
  makeLockFile(path);
  // What can only be read SQLite would open all the same, and BEGIN EXCLUSIVE would be a lock that many can hold.
  accessSync(path, constants.W_OK);
  const database = new Database(path, { timeout: 0 });
  const deadline = wait.clock.now() + wait.timeout;
  for (;;) {
    try {
      database.exec("BEGIN EXCLUSIVE");
      return { release: () => void database.close() };
    } catch (error) {
      const busy = error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
      if (!busy || wait.clock.now() >= deadline || wait.signal?.aborted === true) {
        database.close();
        if (busy) return undefined;
        throw error;
      }
      await wait.clock.sleep(pause, wait.signal);
    }
  }
}

/** Of what `acquireLock` throws: a full disk and a read-only one count, a file that is none of its own does not. */
export const isLockNotWritable = (error: unknown): boolean =>
  /^(EACCES|EPERM|EROFS|ENOSPC|EDQUOT|EIO|SQLITE_(CANTOPEN|READONLY|IOERR|FULL).*)$/.test(systemErrorCode(error) ?? "");

/** Opens no file that is there: closing it would drop every lock that this process holds on it (fcntl(2)). */
function makeLockFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
  }
}
