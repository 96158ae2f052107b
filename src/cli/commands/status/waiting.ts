// What is shown while something is waited for that only the control plane can bring: that it waits and, once for each
// change, why nothing can come at the moment.

import type { Status } from "../../../protocol/local.js";
import { line, joinLines, type Line } from "../../output/line.js";
import type { Output } from "../../output/output.js";
import { connectionWords } from "./describe-status.js";

export interface Waiting {
  /** The daemon's status as it was last seen. */
  see(status: Status): void;
  stop(): void;
}

export async function showWaiting(output: Output, text: Line): Promise<Waiting> {
  const progress = await output.progress(text);
  let told: Line | undefined;
  return {
    see(status) {
      const outage = describeOutage(status);
      if (outage === told) return;
      told = outage;
      progress.update(
        outage === undefined
          ? line`The control plane answers again. ${text}`
          : joinLines([text, outage, line`The daemon keeps trying.`], " "),
      );
    },
    stop: () => progress.stop(),
  };
}

/** Undefined while nothing is wrong, as far as the daemon knows. */
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
