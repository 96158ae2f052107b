// The node's state in memory, always equal to what is on disk: a change is written and synced first, then seen by
// everybody else. Knows whether the state directory can be written.

import type { Clock } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { NodeState, StatePatch } from "./shapes.js";
import type { StateFile } from "./state-file.js";

export interface NodeStore {
  current(): NodeState;
  /** Throws `state_not_writable` and changes nothing when it cannot be written. */
  update(patch: StatePatch): void;
  /** Was the last write good? Tries one if that was some time ago, or was not. */
  isWritable(): boolean;
  lastWriteFailed(): boolean;
  subscribe(listener: () => void): void;
}

/** How long a good write says that the next one will be good too, in milliseconds; so often may a check cost one. */
const writeTrust = 20_000;

export function createNodeStore(file: StateFile, clock: Clock): NodeStore {
  const listeners: (() => void)[] = [];
  let state = file.read();
  let failed = false;
  // Nothing yet: the first check looks.
  let writtenAt = Number.NEGATIVE_INFINITY;

  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  /** Whether it went well is remembered; true: it did, and that is news. That it did not, is told here. */
  function attempt(work: () => void): boolean {
    const before = failed;
    try {
      work();
    } catch (error) {
      failed = true;
      if (!before) tell();
      throw error;
    }
    failed = false;
    writtenAt = clock.now();
    return before;
  }

  function update(patch: StatePatch): void {
    attempt(() => file.write(patch));
    state = Object.fromEntries(
      Object.entries({ ...state, ...patch }).filter(([, value]) => value !== undefined),
    ) as unknown as NodeState;
    tell();
  }

  return {
    current: () => state,
    update,
    isWritable() {
      if (!failed && Math.abs(clock.now() - writtenAt) < writeTrust) return true;
      try {
        if (attempt(() => file.probe())) tell();
        return true;
      } catch (error) {
        if (error instanceof JitnodeError && error.code === "state_not_writable") return false;
        throw error;
      }
    },
    lastWriteFailed: () => failed,
    subscribe: (listener) => void listeners.push(listener),
  };
}
