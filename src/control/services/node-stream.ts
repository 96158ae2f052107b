// The event stream of a node: its full binding state first, again whenever it changes, a ping in between. A change made
// on any replica arrives by `events`; should one get lost, the next ping finds it.

import { asOrganizationId } from "../../domain/ids.js";
import { toDate } from "../../platform/clock.js";
import { nodeStreamTimes, type NodeBinding, type NodeEvent } from "../../protocol/nodes.js";
import type { ControlContext, NodeActor } from "../context.js";
import { markConnected, markDisconnected } from "../store/nodes.js";
import { readNodeBinding } from "./node-binding.js";

export interface NodeStreamOptions {
  /** Ends the stream: the reader went away, or the server stops. */
  readonly signal: AbortSignal;
  /** Milliseconds; for tests. */
  readonly pingEvery?: number;
}

/** Ends by itself when the token does and after an unbound state, which says everything there is to say. */
export async function* nodeEvents(
  context: ControlContext,
  actor: NodeActor,
  options: NodeStreamOptions,
): AsyncGenerator<NodeEvent, void, undefined> {
  const { clock, store, log } = context;
  const pingEvery = options.pingEvery ?? nodeStreamTimes.pingEvery;
  const endsAt = actor.expiresAt ?? clock.now() + context.config.accessTokenTtl * 1000;
  // Listening first: what changes while the state is read is read once more.
  const changes = watch(context, actor, options.signal);
  let marked: number | undefined;
  let last: NodeBinding | undefined;

  const mark = async (): Promise<void> => {
    const now = clock.now();
    const until = now + nodeStreamTimes.deadAfter;
    try {
      await markConnected(store, actor.nodeId, now, until);
      marked = until;
    } catch (error) {
      log.warn("node stream: could not mark the node connected", { node: actor.nodeId, error });
    }
  };

  /** The pages of its organization show whether it is connected. A lost one costs a reload. */
  const tell = async (binding: NodeBinding | undefined): Promise<void> => {
    if (binding?.state !== "bound") return;
    const orgId = asOrganizationId(binding.organization.id);
    if (orgId === undefined) return;
    try {
      await store.transaction((tx) => context.events.publish(tx, { type: "organization_changed", orgId }));
    } catch (error) {
      log.warn("node stream: could not tell its organization's pages", { node: actor.nodeId, error });
    }
  };

  try {
    let pingAt = clock.now() + pingEvery;
    await mark();
    for (;;) {
      const binding = await readNodeBinding(context, store, actor);
      if (last === undefined || JSON.stringify(binding) !== JSON.stringify(last)) {
        yield { type: "binding", binding };
        const opened = last === undefined;
        last = binding;
        if (opened) await tell(binding);
      }
      if (binding.state === "unbound") return;
      const wake = await changes.next(Math.max(0, Math.min(pingAt, endsAt) - clock.now()));
      if (wake === "ended" || clock.now() >= endsAt) return;
      if (wake === "time") {
        await mark();
        yield { type: "ping", at: toDate(clock.now()) };
        pingAt = clock.now() + pingEvery;
      }
    }
  } finally {
    changes.close();
    if (marked !== undefined) {
      await markDisconnected(store, actor.nodeId, marked).catch((error: unknown) =>
        log.warn("node stream: could not mark the node disconnected", { node: actor.nodeId, error }),
      );
      await tell(last);
    }
  }
}

interface Changes {
  /** What came first; a change that came between two calls is not missed. */
  next(ms: number): Promise<"change" | "time" | "ended">;
  close(): void;
}

function watch({ clock, events }: ControlContext, { nodeId }: NodeActor, signal: AbortSignal): Changes {
  let changed = false;
  let wake = new AbortController();
  const unsubscribe = events.subscribe((event) => {
    if (event.type !== "binding_changed" || event.nodeId !== nodeId) return;
    changed = true;
    wake.abort();
  });
  return {
    async next(ms) {
      if (!changed) await clock.sleep(ms, AbortSignal.any([signal, wake.signal]));
      if (signal.aborted) return "ended";
      if (!changed) return "time";
      changed = false;
      wake = new AbortController();
      return "change";
    },
    close: unsubscribe,
  };
}
