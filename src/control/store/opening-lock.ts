// Held for the moment in which a process opens the SQLite database, and while a restore puts another file in its place:
// nobody opens a file that is just being replaced.

import { dirname, join } from "node:path";
import type { Clock } from "../../platform/clock.js";
import { acquireLock, type ProcessLock } from "../../platform/process-lock.js";
import { JitnodeError } from "../../protocol/errors.js";

/** Milliseconds; opening takes a few, a restore's part under the lock not many more. */
const patience = 15_000;

/** Throws `unavailable`, and the system's error where the folder cannot be written. */
export async function lockOpening(database: string, clock: Clock): Promise<ProcessLock> {
  const lock = await acquireLock(join(dirname(database), "control.lock"), { clock, timeout: patience });
  if (lock === undefined) throw new JitnodeError("unavailable", { message: "The database is just being replaced." });
  return lock;
}
