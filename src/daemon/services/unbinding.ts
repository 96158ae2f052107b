// The operator ends the binding: it is over here at once, and on disk, before anybody is told; the control plane is told
// until it confirms (./settlement).

import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { releaseAnswer } from "../../protocol/local.js";
import type { Static } from "../../protocol/schema.js";
import type { Actor, DaemonContext } from "../context.js";
import type { Settlement } from "./settlement.js";

export interface Unbinding {
  /** Waits a few seconds for the confirmation. A repeat answers for the unbind that is still unconfirmed. */
  release(actor: Actor): Promise<Static<typeof releaseAnswer>>;
}

const patience = 5_000;

export function createUnbinding(
  context: DaemonContext,
  deps: { readonly settlement: Settlement; readonly onEnded: () => void },
): Unbinding {
  const { store, board, clock, log } = context;

  async function confirmed(server: string): Promise<boolean> {
    const time = new AbortController();
    const outcome = await Promise.race([
      deps.settlement.settle(server).catch(() => undefined),
      clock.sleep(patience, time.signal),
    ]);
    time.abort();
    return outcome?.kind === "settled";
  }

  return {
    async release(actor) {
      const { binding, releases } = store.current();
      if (binding === undefined) {
        const open = releases.findLast((one) => !one.confirmed);
        if (open === undefined) throw new JitnodeError("not_bound");
        return { binding_id: open.binding_id, confirmed: await confirmed(open.server) };
      }
      const { binding_id, server } = binding;
      const at = clock.now();
      store.update({
        binding: undefined,
        releases: [...releases, { binding_id, server, confirmed: false, released_at: at }],
        last_unbound: { binding_id, at: toDate(at), by: actor.kind },
      });
      board.note({ connection: "none", possibleCopy: false, bindingConflict: false, lastHeartbeatAt: undefined });
      log.warn("node unbound by its operator", { binding_id });
      deps.onEnded();
      const told = confirmed(server);
      deps.settlement.nudge();
      return { binding_id, confirmed: await told };
    },
  };
}
