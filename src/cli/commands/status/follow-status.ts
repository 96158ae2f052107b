// The daemon's status now and at every change, across restarts of the daemon.

import { JitnodeError } from "../../../protocol/errors.js";
import type { Status } from "../../../protocol/local.js";
import type { Context } from "../../context.js";

export type Seen = { readonly kind: "status"; readonly status: Status } | { readonly kind: "away" };

const pause = 500;

/** `away` once for each time the daemon goes. Ends when `signal` is aborted; errors other than an absent daemon pass. */
export async function* followStatus(context: Context, signal: AbortSignal): AsyncGenerator<Seen> {
  const daemon = await context.daemon(signal);
  let away = false;
  while (!signal.aborted) {
    try {
      for await (const status of daemon.events()) {
        away = false;
        yield { kind: "status", status };
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof JitnodeError) || error.code !== "daemon_unreachable") throw error;
    }
    if (signal.aborted) return;
    if (!away) yield { kind: "away" };
    away = true;
    await context.clock.sleep(pause, signal);
  }
}
