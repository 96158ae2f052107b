// What control planes are still to be told: bindings that the operator ended (POST /v1/node/unbind until confirmed) and
// requests that the operator cancelled (the device code is revoked; a binding made in the meantime is ended too).
// Invariant: nothing that the operator ended here comes back, however long the control plane was away and however often
// the daemon starts in between. Until it is done, nothing else is asked of that control plane.

import { revokeToken } from "../../client/device-flow.js";
import type { NodeAnswer } from "../../client/node-api.js";
import { JitnodeError } from "../../protocol/errors.js";
import { clients } from "../../protocol/versions.js";
import type { DaemonContext } from "../context.js";
import type { Cancellation, Release } from "../state/shapes.js";
import { createBackoff } from "./backoff.js";

export type Settled = { readonly kind: "settled" } | { readonly kind: "open"; readonly error: JitnodeError };

export interface Settlement {
  /** Tries now what is open with this control plane; callers at the same time share one attempt. */
  settle(server: string): Promise<Settled>;
  /** Tries again, more and more slowly, until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** There is something new to tell. */
  nudge(): void;
}

const settled: Settled = { kind: "settled" };

export function createSettlement(context: DaemonContext, stop: AbortSignal): Settlement {
  const { store, board, links, log, clock, random, pacer } = context;
  const attempts = new Map<string, Promise<Settled>>();
  const backoff = createBackoff(random, { first: 1_000, most: 60_000 });
  let sleep = new AbortController();

  const openReleases = (): readonly Release[] => store.current().releases.filter((one) => !one.confirmed);

  function openServers(): readonly string[] {
    const servers = [
      ...openReleases().map((one) => one.server),
      ...store.current().cancellations.map((one) => one.issuer),
    ];
    return [...new Set(servers)];
  }

  async function tell(release: Release): Promise<Settled> {
    const answer: NodeAnswer<null> = await links.to(release.server).node.unbind(release.binding_id, { signal: stop });
    // A control plane that does not know the key holds no binding of it. Should it come back from a backup, recovery
    // meets the released binding again and sends this once more.
    const gone = answer.kind === "rejected" && answer.error.code === "node_unknown";
    if (answer.kind !== "ok" && !gone) return { kind: "open", error: answer.error };
    confirm(release.binding_id);
    log.info("unbind confirmed", { binding_id: release.binding_id });
    return settled;
  }

  const confirm = (bindingId: string): void =>
    store.update({
      releases: store
        .current()
        .releases.map((one) => (one.binding_id === bindingId ? { ...one, confirmed: true } : one)),
    });

  async function revoke(cancellation: Cancellation): Promise<Settled> {
    const { issuer, device_code: token } = cancellation;
    const link = links.to(issuer);
    if (!cancellation.revoked) {
      const input = { clientId: clients.node, token, hint: "device_code" } as const;
      const answer = await revokeToken(link.transport, input, { signal: stop });
      if (answer.kind === "failure") return { kind: "open", error: answer.error };
      if (answer.kind === "oauth-error") log.warn("device code not revoked", { error: answer.error });
      replace(cancellation, { ...cancellation, revoked: true });
    }
    // Somebody may have approved it before the revocation arrived.
    const answer = await link.node.binding({ signal: stop });
    if (answer.kind === "failure") return { kind: "open", error: answer.error };
    if (answer.kind === "rejected" && answer.error.code !== "node_unknown")
      return { kind: "open", error: answer.error };
    const { cancellations, releases } = store.current();
    const rest = cancellations.filter((one) => one.device_code !== token);
    const held = store.current().binding?.binding_id;
    if (answer.kind === "ok" && answer.body.state === "bound" && answer.body.binding_id !== held) {
      const { binding_id } = answer.body;
      const known = releases.filter((one) => one.binding_id !== binding_id);
      const release = { binding_id, server: issuer, confirmed: false, released_at: clock.now() };
      store.update({ cancellations: rest, releases: [...known, release] });
      log.info("cancelled activation was approved already; unbinding", { binding_id });
      return tell(release);
    }
    store.update({ cancellations: rest });
    log.info("cancellation settled", { issuer });
    return settled;
  }

  const replace = (before: Cancellation, after: Cancellation): void =>
    store.update({
      cancellations: store.current().cancellations.map((one) => (one.device_code === before.device_code ? after : one)),
    });

  async function attempt(server: string): Promise<Settled> {
    for (const cancellation of store.current().cancellations.filter((one) => one.issuer === server)) {
      const outcome = await revoke(cancellation);
      if (outcome.kind === "open") return outcome;
    }
    for (const release of openReleases().filter((one) => one.server === server)) {
      const outcome = await tell(release);
      if (outcome.kind === "open") {
        return { kind: "open", error: new JitnodeError("release_pending", { cause: outcome.error }) };
      }
    }
    return settled;
  }

  /** Until nothing is open: something may have been added meanwhile. */
  async function attemptAll(server: string): Promise<Settled> {
    while (openServers().includes(server)) {
      const outcome = await attempt(server);
      if (outcome.kind === "open") return outcome;
    }
    return settled;
  }

  async function settle(server: string): Promise<Settled> {
    const running = attempts.get(server);
    if (running !== undefined) return running;
    const started = attemptAll(server).finally(() => {
      attempts.delete(server);
      board.note({ clockOffset: links.to(server).transport.clockOffset() });
    });
    attempts.set(server, started);
    return started;
  }

  async function settleAll(): Promise<boolean> {
    let done = true;
    for (const server of openServers()) {
      const outcome = await settle(server).catch((cause: unknown): Settled => {
        log.error("settling failed", { server, cause });
        return { kind: "open", error: new JitnodeError("internal_error", { cause }) };
      });
      if (outcome.kind === "open") {
        done = false;
        log.warn("control plane not told yet", { server, code: outcome.error.code });
      } else pacer.nudge();
    }
    return done;
  }

  return {
    settle: (server) => (openServers().includes(server) ? settle(server) : Promise.resolve(settled)),
    async run(signal) {
      while (!signal.aborted) {
        const pause = new AbortController();
        sleep = pause;
        const wake = (): void => pause.abort();
        signal.addEventListener("abort", wake, { once: true });
        if (await settleAll()) {
          backoff.reset();
          await clock.sleep(24 * 60 * 60 * 1000, pause.signal);
        } else await clock.sleep(backoff.next(), pause.signal);
        signal.removeEventListener("abort", wake);
      }
    },
    nudge: () => sleep.abort(),
  };
}
