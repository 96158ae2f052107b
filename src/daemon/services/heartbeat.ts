// The heartbeat of a bound and connected node: every 60 s ± 20 %, numbered. The number is on disk before it is sent, so
// that a copy of the state directory shows itself at the control plane.

import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import { version } from "../../protocol/versions.js";
import type { DaemonContext } from "../context.js";
import type { HeldBinding } from "../state/shapes.js";
import type { Link } from "./links.js";

const every = 60_000;
const spread = 0.2;

export interface Heart {
  /** Beats until `signal` is aborted; never throws. A new connection does not make it beat faster. */
  beat(link: Link, binding: HeldBinding, signal: AbortSignal): Promise<void>;
}

export function createHeart(context: DaemonContext): Heart {
  const { clock, random } = context;
  const bootId = random.token(16);
  let next = clock.now();
  return {
    async beat(link, binding, signal) {
      while (!signal.aborted) {
        // Not longer than one interval, whatever became of the clock.
        await clock.sleep(Math.max(0, Math.min(next - clock.now(), every)), signal);
        if (signal.aborted) return;
        next = clock.now() + every * (1 - spread) + random.below(every * spread * 2);
        await send(context, link, binding, bootId, signal);
      }
    },
  };
}

async function send(
  { clock, store, board, log }: DaemonContext,
  link: Link,
  binding: HeldBinding,
  bootId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const seq = store.current().seq + 1;
    store.update({ seq });
    const at = toDate(clock.now() + (link.transport.clockOffset() ?? 0));
    const claims = { binding_id: binding.binding_id, boot_id: bootId, seq, version, at };
    const answer = await link.node.heartbeat(claims, { signal });
    if (signal.aborted) return;
    const clockOffset = link.transport.clockOffset();
    if (answer.kind === "ok") {
      board.note({ lastHeartbeatAt: clock.now(), possibleCopy: answer.body.possible_copy, clockOffset });
    } else {
      board.note({ clockOffset });
      log.warn("heartbeat not taken", { code: answer.error.code });
    }
  } catch (error) {
    log.error("heartbeat not sent", { code: error instanceof JitnodeError ? error.code : "internal_error", error });
  }
}
