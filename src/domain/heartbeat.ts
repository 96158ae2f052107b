// What the order of heartbeats tells about a node (DESIGN section 5). One daemon has one boot_id at a time and counts up
// within it; two machines with the same key take turns, or repeat numbers that were passed.

export interface HeartbeatState {
  readonly bootId: string | null;
  readonly previousBootId: string | null;
  readonly seq: number;
}

export interface Beat {
  readonly bootId: string;
  readonly seq: number;
}

export type HeartbeatVerdict =
  /** `retry`: the last one again, since its answer was lost. */
  | { readonly kind: "next" | "retry"; readonly state: HeartbeatState }
  | { readonly kind: "possible_copy"; readonly reason: "sequence" | "alternating"; readonly state: HeartbeatState };

export function judgeHeartbeat(last: HeartbeatState, beat: Beat): HeartbeatVerdict {
  if (beat.bootId === last.bootId) {
    if (beat.seq === last.seq) return { kind: "retry", state: last };
    // The highest number stays: going back must not make the other one's next look new.
    if (beat.seq < last.seq) return { kind: "possible_copy", reason: "sequence", state: last };
    return { kind: "next", state: { ...last, seq: beat.seq } };
  }
  const state = { bootId: beat.bootId, previousBootId: last.bootId, seq: beat.seq };
  return beat.bootId === last.previousBootId
    ? { kind: "possible_copy", reason: "alternating", state }
    : { kind: "next", state };
}
