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

export function createRandom(): Random {
  return {
    bytes: (length) => randomBytes(length),
    below: (limit) => randomInt(limit),
    uuid: () => randomUUID(),
    token: (bytes) => randomBytes(bytes).toString("base64url"),
  };
}
