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

/** Beats until `signal` is aborted; never throws. `bootId` is of this run of the program. */
export async function beat(
  context: DaemonContext,
  input: { readonly link: Link; readonly binding: HeldBinding; readonly bootId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, random } = context;
  const { link, binding, bootId, signal } = input;
  while (!signal.aborted) {
    await send(context, link, binding, bootId, signal);
    await clock.sleep(every * (1 - spread) + random.below(every * spread * 2), signal);
  }
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
