// Waiting times that grow with each failure and differ between nodes: half fixed, half random, so that a control plane
// that comes back is not run over by all of them at once.

import type { Random } from "../../platform/random.js";

export interface Backoff {
  /** Milliseconds until the next attempt. */
  next(): number;
  reset(): void;
}

export function createBackoff(random: Random, times: { readonly first: number; readonly most: number }): Backoff {
  let failures = 0;
  return {
    next() {
      const full = Math.min(times.most, times.first * 2 ** Math.min(failures++, 20));
      return Math.round(full / 2 + random.below(Math.max(1, Math.round(full / 2))));
    },
    reset: () => void (failures = 0),
  };
}
