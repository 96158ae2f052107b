// The status as everybody sees it, made from what is on disk and what was observed. It is kept, as text too, until
// something changes: it is asked for often.

import { toDate } from "../../platform/clock.js";
import type { ActivationAnswer, Status, WarningCode } from "../../protocol/local.js";
import { version } from "../../protocol/versions.js";
import { isLoopbackHost } from "../../config/read.js";
import type { DaemonContext } from "../context.js";
import type { NodeState } from "../state/shapes.js";
import type { Observations } from "./board.js";
import { toAnswer } from "./requests.js";

export interface StatusBook {
  current(): Status;
  /** The current status as JSON. */
  bytes(): Buffer;
  subscribe(listener: () => void): () => void;
}

export interface StatusDeps {
  readonly stateOnContainerLayer: boolean;
}

/** A difference of the clocks above this is reported, in milliseconds. */
const clockTolerance = 30_000;

export function createStatusBook(context: DaemonContext, deps: StatusDeps): StatusBook {
  const { store, board, clock } = context;
  const startedAt = toDate(clock.now());
  const listeners = new Set<() => void>();
  let known: Status | undefined;
  let text: Buffer | undefined;

  const changed = (): void => {
    known = undefined;
    text = undefined;
    for (const listener of [...listeners]) listener();
  };
  store.subscribe(changed);
  board.subscribe(changed);

  const current = (): Status =>
    (known ??= {
      ...describe(context, store.current(), board.current()),
      warnings: findWarnings(context, store.current(), board.current(), deps.stateOnContainerLayer),
      started_at: startedAt,
    });

  return {
    current,
    bytes: () => (text ??= Buffer.from(`${JSON.stringify(current())}\n`)),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function describe(
  context: DaemonContext,
  state: NodeState,
  seen: Observations,
): Omit<Status, "warnings" | "started_at"> {
  const { config, identity } = context;
  const { binding, request, last_unbound } = state;
  return {
    version,
    state: binding !== undefined ? "bound" : request !== undefined ? "pending" : "unbound",
    connection: seen.connection,
    connection_since: toDate(seen.connectionSince),
    connection_problem: seen.problem ?? null,
    node: { id: identity.nodeId, name: config.name, key_thumbprint: identity.key.thumbprint },
    server: binding?.server ?? request?.issuer ?? config.server ?? state.server ?? null,
    binding: binding ?? null,
    activation: activationOf(context, state, seen),
    last_unbound: binding === undefined ? (last_unbound ?? null) : null,
    release_pending: isReleasePending(state),
    last_heartbeat_at: seen.lastHeartbeatAt === undefined ? null : toDate(seen.lastHeartbeatAt),
    clock_offset_seconds: seen.clockOffset === undefined ? null : Math.round(seen.clockOffset / 1000),
  };
}

function activationOf(context: DaemonContext, { request }: NodeState, seen: Observations): ActivationAnswer | null {
  return request === undefined ? (seen.finished ?? null) : toAnswer(context, request);
}

const isReleasePending = (state: NodeState): boolean => state.releases.some((one) => !one.confirmed);

function findWarnings(
  { config, store }: DaemonContext,
  state: NodeState,
  seen: Observations,
  onContainerLayer: boolean,
): Status["warnings"] {
  const warnings: { code: WarningCode; message: string }[] = [];
  const warn = (code: WarningCode, message: string): void => void warnings.push({ code, message });
  const server = state.binding?.server ?? state.request?.issuer ?? config.server;
  if (onContainerLayer) {
    warn("state_on_container_layer", "The state directory is lost with the container: mount a volume there.");
  }
  if (store.lastWriteFailed()) warn("state_not_writable", "The state directory cannot be written.");
  if (seen.clockOffset !== undefined && Math.abs(seen.clockOffset) > clockTolerance) {
    const seconds = Math.round(Math.abs(seen.clockOffset) / 1000);
    const way = seen.clockOffset > 0 ? "behind" : "ahead of";
    warn("clock_skew", `This machine's clock is ${seconds} s ${way} the control plane's.`);
  }
  if (state.binding !== undefined && config.server !== undefined && config.server !== state.binding.server) {
    warn(
      "server_conflict",
      `JITNODE_SERVER names ${config.server}, but the binding is with ${state.binding.server}, which is followed.`,
    );
  }
  if (isReleasePending(state)) warn("release_pending", "A control plane has not confirmed an unbind yet.");
  if (seen.bindingConflict) {
    warn("binding_conflict", "The control plane names another binding for this node; the one held here stays.");
  }
  if (seen.possibleCopy) warn("possible_copy", "Another machine may run with a copy of this node's state directory.");
  if (server?.startsWith("http:") === true && !isLoopbackHost(new URL(server).hostname)) {
    warn("insecure_http", "The connection to the control plane is not encrypted.");
  }
  return warnings;
}
