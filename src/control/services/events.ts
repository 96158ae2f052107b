// Tells the other parts, and on PostgreSQL the other replicas, that something changed. With PostgreSQL an event goes
// out as NOTIFY inside the transaction and comes back to every replica, the sender included, so each delivers it once;
// with SQLite there is one process, and it delivers after the commit.

import type { Log } from "../../platform/log.js";
import { asJson } from "../../protocol/parse.js";
import { Type, accountId, nodeId, open, organizationId } from "../../protocol/schema.js";
import type { ControlEvent, Events } from "../context.js";
import { notify } from "../store/notify.js";
import type { Store } from "../store/store.js";

const channel = "jitnode_events";

const eventSchema = Type.Union([
  open({ type: Type.Literal("binding_changed"), nodeId }),
  open({ type: Type.Literal("organization_changed"), orgId: organizationId }),
  open({ type: Type.Literal("session_ended"), accountId }),
]);

export async function createEvents(deps: { readonly store: Store; readonly log: Log }): Promise<Events> {
  const listeners = new Set<(event: ControlEvent) => void>();
  const deliver = (event: ControlEvent): void => {
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (error) {
        deps.log.error("event listener failed", { type: event.type, error });
      }
    }
  };
  const receive = (payload: string): void => {
    const event = asJson(eventSchema, payload);
    // The schema holds the patterns of the branded ids.
    if (event !== undefined) deliver(event as ControlEvent);
    else deps.log.warn("unknown event ignored");
  };
  const stop = await deps.store.listen?.(channel, receive);

  return {
    async publish(tx, event) {
      if (stop === undefined) tx.afterCommit(() => deliver(event));
      else await notify(tx, channel, JSON.stringify(event));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      listeners.clear();
      await stop?.();
    },
  };
}
