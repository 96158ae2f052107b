// Waits for what the daemon learns from the control plane, and shows whether it can come at the moment, as the daemon's
// status tells.

import type { Status } from "../../../protocol/local.js";
import { line, type Line } from "../../output/line.js";
import type { Output } from "../../output/output.js";
import { describeOutage, sentenceOf, showWaiting } from "../../output/waiting.js";
import { connectionWords } from "./describe-status.js";

export interface ConnectionWatch {
  /** The daemon's status as it was last seen; undefined: the daemon itself does not answer. */
  see(status: Status | undefined): void;
  stop(): void;
}

export async function watchConnection(output: Output, text: Line): Promise<ConnectionWatch> {
  const waiting = await showWaiting(output, text);
  let outage: Status | undefined;
  return {
    see(status) {
      if (status === undefined) return waiting.trouble(line`The daemon does not answer; waiting for it.`);
      const why = asOutage(status);
      if (why !== undefined) {
        outage = status;
        return waiting.trouble(why);
      }
      const again = outage !== undefined && hasAnswered(status, outage);
      if (again) outage = undefined;
      waiting.well(again);
    },
    stop: () => waiting.stop(),
  };
}

/**
 * Has the control plane answered since `outage`? "none" says so only of a request that is under way: it is noted after
 * a good answer, but also by a daemon that has just started, is not to ask any more, or is unbound by its operator.
 */
const hasAnswered = ({ connection, state, started_at }: Status, outage: Status): boolean =>
  connection === "connected" || (connection === "none" && state === "pending" && started_at === outage.started_at);

/** Undefined while nothing is known to be wrong. */
function asOutage({ connection, connection_since, connection_problem: problem }: Status): Line | undefined {
  switch (connection) {
    case "none":
    case "connecting":
    case "connected":
      return undefined;
    case "unreachable":
    case "rejected":
    case "foreign_control_plane": {
      const why = problem === undefined || problem === null ? `${connectionWords[connection]}.` : sentenceOf(problem);
      return describeOutage(connection_since, why, line`The daemon keeps trying.`);
    }
  }
}
