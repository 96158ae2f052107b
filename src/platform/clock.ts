// Time: the wall clock, timers and sleeping. Everything that depends on time takes a Clock.

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted (never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export function createClock(): Clock {
  return {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal?.addEventListener("abort", done, { once: true });
      }),
  };
}

/** RFC 3339, UTC. */
export const toDate = (ms: number): string => new Date(ms).toISOString();
