// Owns choosing some of many, by a seed, so that few of them still say something about all.

/** A small generator of its own (mulberry32), since the same seed must choose the same on every machine. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<Item>(items: readonly Item[], seed: number): readonly Item[] {
  const next = numbersFrom(seed);
  return items
    .map((item) => ({ item, rank: next() }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ item }) => item);
}

/** Of each kind one, then of each another one, and so on. */
function inTurns<Item>(items: readonly Item[], seed: number, kindOf: (item: Item) => string): readonly Item[] {
  const kinds = [...Map.groupBy(shuffled(items, seed), kindOf).values()];
  const turns = Math.max(0, ...kinds.map((kind) => kind.length));
  return Array.from({ length: turns }, (_, turn) =>
    shuffled(kinds, seed + turn).flatMap((kind) => kind.slice(turn, turn + 1)),
  ).flat();
}

/** Every `unit` has its turn before any has a second one, and among those every `kind`. */
export function sample<Item>(
  items: readonly Item[],
  count: number,
  seed: number,
  { kindOf, unitOf }: { readonly kindOf: (item: Item) => string; readonly unitOf: (item: Item) => string },
): readonly Item[] {
  const units = [...Map.groupBy(shuffled(items, seed), unitOf).values()];
  const rounds = Math.max(0, ...units.map((unit) => unit.length));
  return Array.from({ length: rounds }, (_, round) =>
    inTurns(
      units.flatMap((unit) => unit.slice(round, round + 1)),
      seed + round,
      kindOf,
    ),
  )
    .flat()
    .slice(0, count);
}
