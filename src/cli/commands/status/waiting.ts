// What is shown while something is waited for that only the control plane can bring: that it waits and, once for each
// change, why nothing can come at the moment.

import type { Status } from "../../../protocol/local.js";
import { line, joinLines, type Line } from "../../output/line.js";
import type { Output } from "../../output/output.js";
import { connectionWords } from "./describe-status.js";

export interface Waiting {
  /** The daemon's status as it was last seen. */
  see(status: Status): void;
  /** The daemon itself does not answer. */
  miss(): void;
  stop(): void;
}

export async function showWaiting(output: Output, text: Line): Promise<Waiting> {
  const progress = await output.progress(text);
  let told: Line | undefined;
  let outage: Status | undefined;
  const tell = (trouble: Line | undefined, shown: Line): void => {
    if (trouble !== told) progress.update(shown);
    told = trouble;
  };
  return {
    see(status) {
      const why = describeOutage(status);
      if (why !== undefined) {
        outage = status;
        return tell(why, joinLines([text, why, line`The daemon keeps trying.`], " "));
      }
      const answers = outage !== undefined && hasAnswered(status, outage);
      if (answers) outage = undefined;
      tell(undefined, answers ? line`The control plane answers again. ${text}` : text);
    },
    miss() {
      const why = line`The daemon does not answer; waiting for it.`;
      tell(why, joinLines([text, why], " "));
    },
    stop: () => progress.stop(),
  };
}

/**
 * Has the control plane answered since `outage`? "none" says so only of a request that is under way: it is noted after
 * a good answer, but also by a daemon that has just started, is not to ask any more, or is unbound by its operator.
 */
const hasAnswered = ({ connection, state, started_at }: Status, outage: Status): boolean =>
  connection === "connected" || (connection === "none" && state === "pending" && started_at === outage.started_at);

/** Undefined while nothing is known to be wrong. */
function describeOutage({ connection, connection_since, connection_problem: problem }: Status): Line | undefined {
  switch (connection) {
    case "none":
    case "connecting":
    case "connected":
      return undefined;
    case "unreachable":
    case "rejected":
    case "foreign_control_plane": {
      const why =
        problem === undefined || problem === null
          ? `${connectionWords[connection]}.`
          : `${problem.message} (${problem.code})`;
      return line`No connection to the control plane since ${connection_since}: ${why}`;
    }
  }
}
