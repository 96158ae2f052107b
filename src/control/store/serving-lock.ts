// Held by a server for as long as it serves from the SQLite database. What two servers keep for themselves (turns of those
// who guess, events) would each be half of it. Commands beside the server do not ask for it.

import { dirname, join } from "node:path";
import type { Clock } from "../../platform/clock.js";
import { acquireLock, type ProcessLock } from "../../platform/process-lock.js";
import { JitnodeError } from "../../protocol/errors.js";

/** Milliseconds: one that was told to stop a moment ago may be closing for five seconds. */
const patience = 6_000;

/** Throws `control_plane_running`, `interrupted`, and the system's error where the folder cannot be written. */
export async function lockServing(database: string, clock: Clock, signal?: AbortSignal): Promise<ProcessLock> {
  const folder = dirname(database);
  const lock = await acquireLock(join(folder, "serve.lock"), { clock, timeout: patience, signal });
  if (lock !== undefined) return lock;
  if (signal?.aborted === true) throw new JitnodeError("interrupted");
  throw new JitnodeError("control_plane_running", {
    message: `Another control plane runs on the data directory ${folder}.`,
    hint: "Stop it first, or set another JITNODE_CONTROL_DATA_DIR; for several replicas use PostgreSQL (JITNODE_CONTROL_DATABASE_URL).",
  });
}
