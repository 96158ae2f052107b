// The daemon does one thing at a time towards its control plane: a turn. A nudge ends the turn's sleep; an interruption
// ends the turn, whatever it waits for. Neither is lost when it comes between two turns.

import type { Clock } from "../../platform/clock.js";

export interface Turn {
  /** For everything that the turn waits for on the network. */
  readonly signal: AbortSignal;
  sleep(ms: number): Promise<void>;
}

export interface Pacer {
  next(): Turn;
  /** Something is to be looked at soon. */
  nudge(): void;
  /** What the turn is doing is no longer wanted. */
  interrupt(): void;
  /** Ends this and every later turn. */
  stop(): void;
}

export function createPacer(clock: Clock): Pacer {
  let turn = new AbortController();
  let sleep: AbortController | undefined;
  let nudged = false;
  let stopped = false;

  const nudge = (): void => {
    if (sleep === undefined) nudged = true;
    else sleep.abort();
  };

  return {
    next() {
      const own = new AbortController();
      if (stopped) own.abort();
      turn = own;
      return {
        signal: own.signal,
        async sleep(ms) {
          if (nudged || own.signal.aborted) {
            nudged = false;
            return;
          }
          const current = new AbortController();
          sleep = current;
          await clock.sleep(ms, current.signal);
          sleep = undefined;
        },
      };
    },
    nudge,
    interrupt() {
      turn.abort();
      nudge();
    },
    stop() {
      stopped = true;
      turn.abort();
      nudge();
    },
  };
}
