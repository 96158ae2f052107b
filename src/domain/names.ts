// What a name may be (of organizations, people and nodes), and what a node may claim about itself.
// Names reach terminals and pages of other people: no control, bidirectional or line-separating characters.

import type { Brand } from "./brand.js";

export type Name = Brand<string, "Name">;
export type Claim = Brand<string, "Claim">;

export const nameLimits = { codePoints: 80, bytes: 320 } as const;

// Cc, Cs, Co, Cn, Zl, Zp, and the bidirectional controls U+061C, U+200E/F, U+202A–E, U+2066–9; zero-width joiners stay,
// since names in several scripts and emoji need them.
const forbidden = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** Something is seen of it: more than spaces, joiners, and the letters and the Braille pattern that are blank. */
export const isSeen = (text: string): boolean => /[^\s\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/u.test(text);

/** NFC, trimmed, 1–80 code points, at most 320 bytes; undefined when the input cannot be a name. */
export function asName(input: string): Name | undefined {
  if (input.length > 4 * nameLimits.bytes) return undefined;
  const name = input.normalize("NFC").trim();
  if (name === "" || forbidden.test(name) || !isSeen(name)) return undefined;
  if ([...name].length > nameLimits.codePoints || Buffer.byteLength(name) > nameLimits.bytes) return undefined;
  return name as Name;
}

/** At most 64 printable ASCII characters; undefined otherwise. */
export const asClaim = (input: string): Claim | undefined =>
  /^[\x20-\x7e]{1,64}$/.test(input) ? (input as Claim) : undefined;
