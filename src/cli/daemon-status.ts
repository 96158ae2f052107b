// What the daemon says where it is only asked for a hint: no daemon, no hint.

import { JitnodeError } from "../protocol/errors.js";
import type { Status } from "../protocol/local.js";
import type { Context } from "./context.js";

/** Undefined when no daemon runs here, or this person may not use its socket. */
export async function asDaemonStatus(context: Context): Promise<Status | undefined> {
  try {
    return await (await context.daemon()).status();
  } catch (error) {
    const absent =
      error instanceof JitnodeError && (error.code === "daemon_unreachable" || error.code === "socket_forbidden");
    if (absent) return undefined;
    throw error;
  }
}
