// Owns what tests need whose verdict is how long something took: a machine that was busy at that moment is no failure, so
// they are tried again, up to twice.
export const timed = { retry: 2 } as const;
