// Base-58 in Bitcoin's alphabet: no 0, O, I or l, so an id can be read aloud and typed.

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export const base58Pattern = "[1-9A-HJ-NP-Za-km-z]";

/** Encodes bytes as one big-endian number; each leading zero byte becomes a leading `1`. */
export function encodeBase58(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  let text = "";
  for (; value > 0n; value /= 58n) text = alphabet.charAt(Number(value % 58n)) + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = alphabet.charAt(0) + text;
  }
  return text;
}

/** `length` characters, each chosen by `randomBelow(58)`. */
export function randomBase58(length: number, randomBelow: (limit: number) => number): string {
  let text = "";
  while (text.length < length) text += alphabet.charAt(randomBelow(alphabet.length));
  return text;
}
