// The node's activation: the operator's requests (messages 1 and 6, cancelling), the daemon's own ones, and the turn
// that carries them out: settle, recover, request, poll, recover again.
// Invariants: a device code is on disk before anything of it is shown; after any final answer to a poll the control
// plane is first asked by key, so that an approved request is never lost; after an end or a cancellation the daemon asks
// for nothing by itself until somebody wants it to, or it restarts.

import { pollDevice, requestDevice, type PollResult } from "../../client/device-flow.js";
import { parseServer } from "../../client/control-transport.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ActivationAnswer } from "../../protocol/local.js";
import { clients, scopes, version } from "../../protocol/versions.js";
import type { Actor, DaemonContext } from "../context.js";
import type { PendingRequest } from "../state/shapes.js";
import { createBackoff } from "./backoff.js";
import { problemOf } from "./board.js";
import type { Notices } from "./notices.js";
import type { Turn } from "./pacer.js";
import type { Recovery } from "./recovery.js";
import { toAnswer, toPending, toRefusal } from "./requests.js";
import type { Settlement } from "./settlement.js";
import { createWishes } from "./wishes.js";

export interface Activation {
  /** Message 1: the pending request, or a new one. */
  request(actor: Actor, server: string | undefined): Promise<ActivationAnswer>;
  /** Message 6: asks the control plane at once; returns when it has answered, or cannot. */
  check(actor: Actor): Promise<void>;
  cancel(actor: Actor): Promise<void>;
  /** The daemon's own requests stop: the binding ended, or the operator said so. */
  standDown(): void;
  /** One step of an unbound node. */
  turn(turn: Turn): Promise<void>;
}

export interface ActivationDeps {
  readonly recovery: Recovery;
  readonly settlement: Settlement;
  readonly notices: Notices;
}

/** A self-made request is renewed this often: one hour with codes of ten minutes. */
const mostRenewals = 5;
const longSleep = 60 * 60 * 1000;

export function createActivation(context: DaemonContext, deps: ActivationDeps): Activation {
  const { config, clock, random, log, store, board, links, pacer } = context;
  const { recovery, settlement, notices } = deps;
  const backoff = createBackoff(random, { first: 1_000, most: 60_000 });
  const wishes = createWishes();
  const checks: (() => void)[] = [];
  /** The renewals that the next self-made request counts; undefined: none is made. */
  let selfMade: number | undefined = config.server === undefined ? undefined : 0;
  let recoveredAtStart = false;
  let nextPoll = { code: "", at: 0, interval: 0 };

  const ownServer = (): string | undefined => config.server ?? store.current().server;

  /** Trouble with the control plane: told to whoever waits, then some time passes. */
  async function rest(turn: Turn, error: JitnodeError, answer: () => void, atLeast = 0): Promise<void> {
    if (turn.signal.aborted) return;
    const connection = error.code === "control_plane_mismatch" ? "rejected" : "unreachable";
    board.note({ connection, problem: problemOf(error) });
    log.warn("control plane does not help", { code: error.code, detail: error.message, ...error.log });
    wishes.reject(error);
    answer();
    await turn.sleep(Math.max(atLeast, backoff.next()));
  }

  async function make(turn: Turn, server: string, renewals: number | undefined, answer: () => void): Promise<void> {
    const asked = clock.now();
    const link = links.to(server);
    const details = {
      node_name: config.name,
      node_version: version,
      node_os: config.os,
      expected_org: config.expectedOrg,
    };
    const input = { clientId: clients.node, scope: scopes.node, details };
    const result = await requestDevice(link.transport, input, { signal: turn.signal });
    board.note({ clockOffset: link.transport.clockOffset() });
    if (turn.signal.aborted) return;
    if (result.kind !== "requested") {
      return rest(turn, result.kind === "failure" ? result.error : toRefusal(result), answer);
    }
    const request = toPending(server, result.request, asked, renewals);
    store.update({ request, ...(renewals === undefined ? { server } : {}) });
    backoff.reset();
    board.note({ connection: "none", finished: undefined });
    log.info("activation requested", { server, self_made: renewals !== undefined });
    wishes.resolve(toAnswer(context, request));
    if (renewals !== undefined) await notices.activation(request);
  }

  /** A request that came to nothing. */
  function finish(request: PendingRequest, how: "denied" | "expired" | "approved"): void {
    store.update({ request: undefined });
    board.note({ connection: "none", finished: { ...toAnswer(context, request), state: how } });
    log.info("activation over", { how });
    const renewals = request.renewals ?? mostRenewals;
    selfMade = how === "expired" && renewals < mostRenewals ? renewals + 1 : undefined;
    if (selfMade === undefined && request.renewals !== undefined && how !== "approved") notices.howToGoOn(how);
  }

  async function poll(turn: Turn, request: PendingRequest, checking: boolean, answer: () => void): Promise<void> {
    const isOver = (): boolean => turn.signal.aborted || store.current().request?.device_code !== request.device_code;
    if (nextPoll.code !== request.device_code) {
      const { device_code: code, interval } = request;
      nextPoll = { code, interval, at: clock.now() + interval * 1000 };
    }
    let result: PollResult = { kind: "expired" };
    if (checking) {
      const found = await recovery.run(request.issuer, turn.signal);
      if (found.kind === "bound") return finishBound(request);
      answer();
      if (!recoveredAtStart && request.renewals !== undefined) await notices.activation(request);
      recoveredAtStart = true;
      if (found.kind === "failure") return rest(turn, found.error, answer);
    }
    if (clock.now() < request.expires_at) {
      const wait = Math.min(nextPoll.at, request.expires_at) - clock.now();
      // Not longer than an interval, should somebody have set the clock back.
      if (wait > 0) return turn.sleep(Math.min(wait, nextPoll.interval * 1100));
      const link = links.to(request.issuer);
      const input = { clientId: clients.node, deviceCode: request.device_code, interval: nextPoll.interval };
      result = await pollDevice(link.transport, input, { signal: turn.signal });
      board.note({ clockOffset: link.transport.clockOffset() });
      if (isOver()) return;
    }
    switch (result.kind) {
      case "pending":
      case "slow_down": {
        const { interval } = result;
        // Up to a tenth more, so that nodes that were started together part.
        nextPoll = { ...nextPoll, interval, at: clock.now() + interval * 1000 + random.below(interval * 100) };
        backoff.reset();
        return board.note({ connection: "none" });
      }
      case "failure":
        nextPoll = { ...nextPoll, at: clock.now() + nextPoll.interval * 1000 };
        return rest(turn, result.error, answer, nextPoll.interval * 1000);
      case "grant":
      case "denied":
      case "expired":
      case "refused": {
        const found = await recovery.run(request.issuer, turn.signal);
        if (found.kind === "bound") return finishBound(request);
        if (isOver()) return;
        if (found.kind === "failure") return rest(turn, found.error, answer, nextPoll.interval * 1000);
        // Granted, and yet not bound: somebody was quick to unbind it again.
        if (result.kind === "grant") return finish(request, "approved");
        return finish(request, result.kind === "denied" ? "denied" : "expired");
      }
    }
  }

  /** The node is bound now: whoever asked meanwhile is told. */
  function leave(): void {
    for (const resolve of checks.splice(0)) resolve();
    wishes.reject(new JitnodeError("already_bound"));
  }

  function finishBound(request: PendingRequest): void {
    board.note({ finished: { ...toAnswer(context, request), state: "approved" } });
  }

  async function begin(turn: Turn, checking: boolean, answer: () => void): Promise<void> {
    const wanted = wishes.server();
    const server = wanted ?? ownServer();
    const something = wanted !== undefined || selfMade !== undefined || checking || !recoveredAtStart;
    if (server === undefined || !something) {
      board.note({ connection: "none" });
      answer();
      return turn.sleep(longSleep);
    }
    if (board.current().connection === "none") board.note({ connection: "connecting" });
    const told = await settlement.settle(server);
    if (turn.signal.aborted) return;
    if (told.kind === "open") return rest(turn, told.error, answer);
    const found = await recovery.run(server, turn.signal);
    if (turn.signal.aborted && found.kind !== "bound") return;
    switch (found.kind) {
      case "bound":
        return;
      case "failure":
        return rest(turn, found.error, answer);
      case "released":
        settlement.nudge();
        return rest(turn, new JitnodeError("release_pending"), answer);
      case "none":
        recoveredAtStart = true;
        answer();
        backoff.reset();
        if (wanted !== undefined) return make(turn, wanted, undefined, answer);
        if (selfMade !== undefined && config.server !== undefined) return make(turn, config.server, selfMade, answer);
        return board.note({ connection: "none" });
    }
  }

  return {
    async request(_actor, given) {
      const { binding, request } = store.current();
      if (binding !== undefined) throw new JitnodeError("already_bound");
      const asked = given === undefined ? undefined : parseServer(given, config.allowHttp);
      const under = request?.issuer ?? wishes.server() ?? config.server;
      if (asked !== undefined && under !== undefined && asked !== under) {
        throw request === undefined && wishes.server() === undefined
          ? new JitnodeError("server_mismatch", {
              message: "The daemon is set to another control plane by JITNODE_SERVER.",
              hint: "Use that control plane, or change JITNODE_SERVER and restart the daemon.",
            })
          : new JitnodeError("server_mismatch");
      }
      if (request !== undefined && clock.now() < request.expires_at) return toAnswer(context, request);
      const server = asked ?? under ?? store.current().server;
      if (server === undefined) throw new JitnodeError("server_required");
      const answer = wishes.add(server);
      pacer.nudge();
      return answer;
    },
    async check() {
      if (store.current().binding !== undefined || (store.current().request ?? ownServer()) === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      checks.push(resolve);
      pacer.nudge();
      return promise;
    },
    async cancel() {
      const { request, cancellations } = store.current();
      if (request === undefined && wishes.server() === undefined) throw new JitnodeError("no_activation");
      selfMade = undefined;
      if (request !== undefined) {
        const { issuer, device_code } = request;
        const cancellation = { issuer, device_code, revoked: false, cancelled_at: clock.now() };
        store.update({ request: undefined, cancellations: [...cancellations, cancellation] });
        board.note({ connection: "none", finished: { ...toAnswer(context, request), state: "cancelled" } });
        log.info("activation cancelled");
      }
      pacer.interrupt();
      wishes.reject(new JitnodeError("activation_cancelled"));
      settlement.nudge();
    },
    standDown: () => void (selfMade = undefined),
    async turn(turn) {
      const asked = checks.splice(0);
      const answer = (): void => {
        for (const resolve of asked) resolve();
      };
      const { request } = store.current();
      try {
        if (request === undefined) return await begin(turn, asked.length > 0, answer);
        return await poll(turn, request, asked.length > 0 || !recoveredAtStart, answer);
      } catch (error) {
        wishes.reject(error);
        throw error;
      } finally {
        answer();
        if (store.current().binding !== undefined) leave();
      }
    },
  };
}
