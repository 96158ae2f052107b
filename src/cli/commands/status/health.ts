// `jitnode health`: for health checks of containers and service managers.

import { exitCodes } from "../../../protocol/exit-codes.js";
import type { Command } from "../../command.js";
import { line } from "../../output/line.js";

export const command: Command = {
  summary: "Is the daemon ready? Exits 0 or 1, nothing else",
  description:
    "Ready: bound, and the binding was read from disk. --live asks less: the daemon runs and can write its state.\n" +
    "Whether the control plane can be reached is reported by `jitnode status` and not judged here.",
  options: [{ name: "live", description: "Ask only whether the daemon works, bound or not" }],
  examples: [
    { line: "jitnode health --live", says: "A container's health check" },
    { line: "jitnode health", says: "Before work is sent to this node" },
  ],
  schema: "health",
  failure: exitCodes.failed,
  async run(context, input) {
    const asked = input.has("live") ? "live" : "ready";
    const daemon = await context.daemon();
    const { ok, detail } = await (asked === "live" ? daemon.live() : daemon.ready());
    const value = { [asked]: ok, ...(detail === undefined ? {} : { detail }) };
    const words = ok ? asked : `not ${asked}`;
    context.output.result(value, () => [detail === undefined ? line`${words}` : line`${words}: ${detail}`]);
    return ok ? exitCodes.done : exitCodes.failed;
  },
};
