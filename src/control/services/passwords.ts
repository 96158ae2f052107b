// Password hashes: scrypt of node:crypto, kept as a PHC-like string with its parameters, so that they can grow later
// while older hashes go on working. At most two run at once: the thread pool has four threads, and a flood of
// sign-in attempts must leave some for everything else. Who waits too long in the queue is sent away instead.

import { scrypt, timingSafeEqual } from "node:crypto";
import type { Random } from "../../platform/random.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { Passwords } from "../context.js";

export interface PasswordOptions {
  readonly random: Random;
  readonly concurrency?: number;
  readonly queue?: number;
  /** What a new hash costs. */
  readonly cost?: PasswordCost;
}

export interface PasswordCost {
  /** log2 of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

// One of the settings OWASP names as equally strong: 32 MiB for each call, about a quarter of a second.
const usualCost: PasswordCost = { ln: 15, r: 8, p: 3 };
const saltLength = 16;
const hashLength = 32;

const pattern = /^\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

const encode = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

export function createPasswords(options: PasswordOptions): Passwords {
  const concurrency = options.concurrency ?? 2;
  const queue = options.queue ?? 64;
  const current = options.cost ?? usualCost;
  const waiting: (() => void)[] = [];
  let running = 0;

  const derive = async (password: string, salt: Buffer, { ln, r, p }: PasswordCost): Promise<Buffer> => {
    if (running >= concurrency) {
      if (waiting.length >= queue) throw new JitnodeError("unavailable", { retryAfter: 5 });
      // Whoever ends hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await new Promise((resolve, reject) =>
        scrypt(password, salt, hashLength, { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        ),
      );
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };

  return {
    async hash(password) {
      const salt = options.random.bytes(saltLength);
      const key = await derive(password, salt, current);
      return `$scrypt$ln=${current.ln},r=${current.r},p=${current.p}$${encode(salt)}$${encode(key)}`;
    },

    async verify(stored, password) {
      const match = stored === undefined ? null : pattern.exec(stored);
      const [, ln, r, p, salt, key] = match ?? [];
      const parameters = match === null ? current : { ln: Number(ln), r: Number(r), p: Number(p) };
      const expected = key === undefined ? options.random.bytes(hashLength) : Buffer.from(key, "base64");
      const given = await derive(
        password.normalize("NFKC"),
        salt === undefined ? options.random.bytes(saltLength) : Buffer.from(salt, "base64"),
        parameters,
      );
      return timingSafeEqual(given, expected) && match !== null;
    },
  };
}
