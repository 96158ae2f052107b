// What the daemon knows without writing it down: how the connection is, the clocks, the last heartbeat, how the last
// activation went. Everybody who shows the status is told of changes.

import type { Clock } from "../../platform/clock.js";
import type { JitnodeError } from "../../protocol/errors.js";
import type { ActivationAnswer, ConnectionState, Status } from "../../protocol/local.js";

export type Problem = NonNullable<Status["connection_problem"]>;

export interface Observations {
  readonly connection: ConnectionState;
  /** Milliseconds since 1970, like all times here. */
  readonly connectionSince: number;
  /** Why the last attempt to connect failed; forgotten with every other `connection` that is noted. */
  readonly problem: Problem | undefined;
  readonly clockOffset: number | undefined;
  readonly lastHeartbeatAt: number | undefined;
  readonly possibleCopy: boolean;
  readonly bindingConflict: boolean;
  /** The last activation that is over, until the next one begins. */
  readonly finished: ActivationAnswer | undefined;
}

export interface Board {
  current(): Observations;
  note(seen: Partial<Omit<Observations, "connectionSince">>): void;
  subscribe(listener: () => void): void;
}

/** The Date header counts whole seconds: a smaller change of the offset is none. */
const clockNoise = 2_000;

export function createBoard(clock: Clock): Board {
  const listeners: (() => void)[] = [];
  let current: Observations = {
    connection: "none",
    connectionSince: clock.now(),
    problem: undefined,
    clockOffset: undefined,
    lastHeartbeatAt: undefined,
    possibleCopy: false,
    bindingConflict: false,
    finished: undefined,
  };
  return {
    current: () => current,
    note(seen) {
      const next = { ...current, ...(seen.connection === undefined ? {} : { problem: undefined }), ...seen };
      if (isSame(next.problem, current.problem)) next.problem = current.problem;
      if (next.connection !== current.connection) next.connectionSince = clock.now();
      const [before, after] = [current.clockOffset, next.clockOffset];
      if (before !== undefined && (after === undefined || Math.abs(after - before) < clockNoise)) {
        next.clockOffset = before;
      }
      const names = Object.keys(next) as (keyof Observations)[];
      if (names.every((name) => next[name] === current[name])) return;
      current = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}

const isSame = (one: Problem | undefined, other: Problem | undefined): boolean =>
  one?.code === other?.code && one?.message === other?.message;

/** An error as the status tells of it. */
export const problemOf = ({ code, message }: JitnodeError): Problem => ({ code, message: message.slice(0, 1000) });
