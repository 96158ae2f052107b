// The daemon's one loop: an unbound node works on its activation, a bound one keeps its connection. Turn after turn,
// until it is stopped; what fails in one turn is logged and does not end the next.

import { JitnodeError } from "../../protocol/errors.js";
import type { DaemonContext } from "../context.js";
import type { Activation } from "./activation.js";
import { createBackoff } from "./backoff.js";
import type { Connection } from "./connection.js";

export async function conduct(
  context: DaemonContext,
  parts: { readonly activation: Activation; readonly connection: Connection },
  stop: AbortSignal,
): Promise<void> {
  const { store, pacer, log, random } = context;
  const backoff = createBackoff(random, { first: 1_000, most: 30_000 });
  while (!stop.aborted) {
    const turn = pacer.next();
    const { binding } = store.current();
    try {
      await (binding === undefined ? parts.activation.turn(turn) : parts.connection.turn(turn, binding));
      backoff.reset();
    } catch (error) {
      if (turn.signal.aborted) continue;
      log.error("a turn failed", { code: error instanceof JitnodeError ? error.code : "internal_error", error });
      await turn.sleep(backoff.next());
    }
  }
}
