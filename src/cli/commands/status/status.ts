// `jitnode status`: what the daemon says about this node, once or as it changes.

import { exitCodes, type ExitCode } from "../../../protocol/exit-codes.js";
import { JitnodeError } from "../../../protocol/errors.js";
import type { Status } from "../../../protocol/local.js";
import { toDate } from "../../../platform/clock.js";
import type { Command } from "../../command.js";
import type { Context } from "../../context.js";
import { line } from "../../output/line.js";
import { describeStatus, summariseStatus } from "./describe-status.js";
import { followStatus } from "./follow-status.js";

export const command: Command = {
  summary: "Show what this node is bound to, and how it is",
  description:
    "Asks the daemon on this machine. Exits 0 whenever it could answer; with --exit-code 3 when the node is not bound.\n" +
    "--watch shows every change until Ctrl-C: redrawn on a terminal, a line each elsewhere, NDJSON with --json.",
  options: [
    { name: "watch", description: "Go on showing changes until Ctrl-C" },
    { name: "exit-code", description: "Exit 3 when the node is not bound" },
  ],
  examples: [
    { line: "jitnode status", says: "For people" },
    { line: "jitnode status --json", says: "For scripts; the shape only grows" },
    { line: "jitnode status --exit-code", says: "Is this node bound? 0 yes, 3 no" },
    { line: "jitnode status --watch", says: "Watch it connect" },
  ],
  schema: "status",
  async run(context, input) {
    if (input.has("watch")) {
      if (input.has("exit-code")) {
        throw new JitnodeError("usage", { message: "--watch and --exit-code exclude each other." });
      }
      return watch(context);
    }
    const status = await (await context.daemon()).status();
    context.output.result(status, () => describeStatus(status, context.output.style));
    return input.has("exit-code") && status.state !== "bound" ? exitCodes.notActivated : exitCodes.done;
  },
};

/** Clears what is below the top left corner; the scrollback stays. */
const redraw = "\u001b[H\u001b[J";

async function watch(context: Context): Promise<ExitCode> {
  const { output, signal } = context;
  // The first answer says plainly when there is no daemon, or no permission to ask it.
  await (await context.daemon()).status();
  const redraws = context.terminal.stdout && !output.json;
  if (redraws) process.stdout.write("\u001b[2J");
  for await (const seen of followStatus(context, signal)) {
    if (redraws) process.stdout.write(redraw);
    if (seen.kind === "away") output.note(line`The daemon does not answer; waiting for it.`);
    else show(context, seen.status, redraws);
  }
  return context.interruptedBy() === "SIGTERM" ? exitCodes.terminated : exitCodes.done;
}

function show({ output, clock }: Context, status: Status, whole: boolean): void {
  output.result(status, () =>
    whole
      ? [...describeStatus(status, output.style), line``, line`Ctrl-C ends this.`]
      : [summariseStatus(status, toDate(clock.now()))],
  );
}
