// The connection of a bound node: the control plane's event stream, heartbeats beside it, and reconnecting. Nothing but
// ./binding-rules decides what an event means for the binding; a refusal or silence changes the connection's state only.

import type { NodeBinding, NodeEvent } from "../../protocol/nodes.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { DaemonContext } from "../context.js";
import type { HeldBinding } from "../state/shapes.js";
import { createBackoff } from "./backoff.js";
import { judge } from "./binding-rules.js";
import { problemOf } from "./board.js";
import { createHeart } from "./heartbeat.js";
import type { Link } from "./links.js";
import type { Turn } from "./pacer.js";

export interface Connection {
  /** One connection, from opening to end, of a bound node; then a pause if that is due. */
  turn(turn: Turn, binding: HeldBinding): Promise<void>;
}

/** A stream that lasted this long was a good one: the next is opened at once (tokens expire), in milliseconds. */
const goodLife = 5_000;

export function createConnection(context: DaemonContext, deps: { readonly onEnded: () => void }): Connection {
  const { clock, random, log, store, board, links, identity } = context;
  const backoff = createBackoff(random, { first: 1_000, most: 60_000 });
  const heart = createHeart(context);

  /** Does the stream go on? */
  function apply(held: HeldBinding, answer: NodeBinding): boolean {
    const verdict = judge(held, identity.nodeId, answer);
    switch (verdict.kind) {
      case "same":
        if (verdict.binding.organization.name !== held.organization.name) store.update({ binding: verdict.binding });
        board.note({ connection: "connected", bindingConflict: false });
        return true;
      case "moved":
        store.update({ binding: verdict.binding });
        log.info("node moved", {
          binding_id: verdict.binding.binding_id,
          organization: verdict.binding.organization.id,
        });
        return false;
      case "ended": {
        const { at, by } = verdict;
        store.update({ binding: undefined, last_unbound: { binding_id: held.binding_id, at, by } });
        board.note({ connection: "none", possibleCopy: false, bindingConflict: false, lastHeartbeatAt: undefined });
        log.warn("node unbound by its control plane", { binding_id: held.binding_id, by });
        deps.onEnded();
        return false;
      }
      case "foreign":
        board.note({ connection: "foreign_control_plane" });
        log.error("another control plane answers; the binding stays", { server: held.server });
        return false;
      case "conflict":
        board.note({ connection: "rejected", bindingConflict: true });
        log.error("the control plane names another binding; this one stays", { binding_id: held.binding_id });
        return false;
      case "unknown":
        board.note({ connection: "rejected" });
        log.error("the control plane does not know this binding; it stays", { binding_id: held.binding_id });
        return false;
    }
  }

  /** Reads events until the stream ends, by itself or because of what an event said. True: it was a good one. */
  async function follow(
    turn: Turn,
    link: Link,
    binding: HeldBinding,
    events: AsyncIterable<NodeEvent>,
  ): Promise<boolean> {
    const opened = clock.now();
    const hearts = new AbortController();
    const stop = (): void => hearts.abort();
    turn.signal.addEventListener("abort", stop, { once: true });
    let beating: Promise<void> | undefined;
    let good: boolean | undefined;
    try {
      for await (const event of events) {
        if (turn.signal.aborted) break;
        if (event.type !== "binding") continue;
        const held = store.current().binding;
        if (held === undefined || held.binding_id !== binding.binding_id) break;
        good = apply(held, event.binding);
        if (!good) break;
        backoff.reset();
        beating ??= heart.beat(link, binding, hearts.signal);
      }
    } finally {
      turn.signal.removeEventListener("abort", stop);
      hearts.abort();
      await beating;
    }
    // A proxy's page, read as a stream, ends without having said anything.
    if (good === undefined && !turn.signal.aborted) {
      board.note({ connection: "unreachable", problem: problemOf(new JitnodeError("control_plane_unexpected")) });
    }
    return good === true && clock.now() - opened >= goodLife;
  }

  return {
    async turn(turn, binding) {
      const link = links.to(binding.server);
      if (board.current().connection === "none") board.note({ connection: "connecting" });
      const answer = await link.node.events({ signal: turn.signal });
      board.note({ clockOffset: link.transport.clockOffset() });
      if (turn.signal.aborted) return;
      if (answer.kind !== "stream") {
        const connection = answer.kind === "rejected" ? "rejected" : "unreachable";
        board.note({ connection, problem: problemOf(answer.error) });
        log.warn("not connected", { code: answer.error.code, detail: answer.error.message, ...answer.error.log });
        return turn.sleep(backoff.next());
      }
      try {
        if (await follow(turn, link, binding, answer.events)) return;
      } catch (error) {
        if (turn.signal.aborted) return;
        const known = error instanceof JitnodeError ? error : new JitnodeError("internal_error", { cause: error });
        const { code } = known;
        if (code !== "state_not_writable") board.note({ connection: "unreachable", problem: problemOf(known) });
        log.warn("connection lost", { code, error });
      }
      if (store.current().binding?.binding_id !== binding.binding_id) return;
      if (board.current().connection === "connected") board.note({ connection: "connecting" });
      await turn.sleep(backoff.next());
    },
  };
}
