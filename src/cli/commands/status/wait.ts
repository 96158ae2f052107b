// `jitnode wait`: returns when the node is bound, connected or unbound.

import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import type { Status } from "../../../protocol/local.js";
import type { Command } from "../../command.js";
import { parseDuration } from "../../duration.js";
import { line } from "../../output/line.js";
import { describeStatus } from "./describe-status.js";
import { followStatus } from "./follow-status.js";
import { watchConnection, type ConnectionWatch } from "./watch-connection.js";

const goals = ["bound", "connected", "unbound"] as const;
type Goal = (typeof goals)[number];

export const command: Command = {
  summary: "Wait until this node is bound, connected or unbound",
  description:
    "Exits 0 once it is so, 8 when the time ran out, 9 when the node was unbound while waiting for something else.\n" +
    "A daemon that does not run yet is waited for, too.",
  options: [
    { name: "for", value: "STATE", choices: goals, description: "What to wait for; bound if not given" },
    { name: "timeout", value: "TIME", description: "Give up after this time: 30s, 10m, 2h; never if not given" },
  ],
  examples: [
    { line: "jitnode wait", says: "Until somebody has activated this node" },
    { line: "jitnode wait --for connected --timeout 10m", says: "In a start-up script" },
  ],
  schema: "status",
  async run(context, input) {
    const goal = goals.find((name) => name === input.option("for")) ?? "bound";
    const timeout = input.option("timeout");
    const time = timeout === undefined ? undefined : AbortSignal.timeout(parseDuration(timeout));
    const signal = time === undefined ? context.signal : AbortSignal.any([context.signal, time]);
    let waiting: ConnectionWatch | undefined;
    try {
      let before: Status | undefined;
      for await (const seen of followStatus(context, signal)) {
        if (seen.kind === "status" && isReached(goal, seen.status)) {
          const { status } = seen;
          waiting?.stop();
          context.output.result(status, () => describeStatus(status, context.output.style));
          return exitCodes.done;
        }
        waiting ??= await watchConnection(context.output, line`Waiting until this node is ${goal}…`);
        if (seen.kind === "away") {
          waiting.see(undefined);
          continue;
        }
        if (wasUnbound(before, seen.status)) throw new JitnodeError("unbound_while_waiting");
        waiting.see(seen.status);
        before = seen.status;
      }
    } finally {
      waiting?.stop();
    }
    throw new JitnodeError(context.signal.aborted ? "interrupted" : "timed_out");
  },
};

/** Unbound means: no binding, also while an activation is under way. */
export function isReached(goal: Goal, status: Status): boolean {
  switch (goal) {
    case "bound":
      return status.state === "bound";
    case "connected":
      return status.state === "bound" && status.connection === "connected";
    case "unbound":
      return status.state !== "bound";
  }
}

/** Also where the binding came and went between two looks. */
export function wasUnbound(before: Status | undefined, now: Status): boolean {
  if (before === undefined || now.state === "bound") return false;
  return (
    before.state === "bound" ||
    (now.last_unbound !== null && now.last_unbound.binding_id !== before.last_unbound?.binding_id)
  );
}
