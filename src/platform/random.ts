// Randomness from the operating system's generator.

import { randomBytes, randomInt, randomUUID } from "node:crypto";

export interface Random {
  bytes(length: number): Buffer;
  /** An unbiased integer from 0 to below `limit`. */
  below(limit: number): number;
  uuid(): string;
  /** `bytes` of entropy as base64url. */
  token(bytes: number): string;
}

/** Asked for at once: a call to the generator costs more than the few bytes of one token. */
const portion = 4096;

export function createRandom(): Random {
  let pool = Buffer.alloc(0);
  let used = 0;
  /** Given out once, and not kept here afterwards. */
  const token = (length: number): string => {
    if (used + length > pool.length) [pool, used] = [randomBytes(Math.max(portion, length)), 0];
    const bytes = pool.subarray(used, (used += length));
    const text = bytes.toString("base64url");
    bytes.fill(0);
    return text;
  };
  return {
    bytes: (length) => randomBytes(length),
    below: (limit) => randomInt(limit),
    uuid: () => randomUUID(),
    token,
  };
}
