// A clock that a test can move. The emulated server lives by it alone: its codes expire, its tokens are dated by it.

export type MovableClock = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Forward, or back with a negative number; adds up. */
  readonly move: (milliseconds: number) => void;
  readonly reset: () => void;
};

export function createMovableClock(): MovableClock {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    move: (milliseconds) => {
      offset += milliseconds;
    },
    reset: () => {
      offset = 0;
    },
  };
}

export const minute = 60_000;
export const hour = 60 * minute;
