// Owns authorization codes: each is good for one exchange, and for ten minutes (RFC 6749 section 4.1.2).
import { randomBytes } from "node:crypto";
import { minute, type MovableClock } from "./clock.js";

export type Redeemed<T> =
  { readonly kind: "good"; readonly about: T } | { readonly kind: "unknown" | "used" | "expired" };

export type Codes<T> = {
  readonly issue: (about: T) => string;
  /** What the code is for, without using it up. */
  readonly look: (code: string) => Redeemed<T>;
  readonly redeem: (code: string) => Redeemed<T>;
};

const life = 10 * minute;

export function createCodes<T>(clock: MovableClock, makeCode = () => randomBytes(20).toString("hex")): Codes<T> {
  const issued = new Map<string, { readonly about: T; readonly until: number; used: boolean }>();

  function look(code: string): Redeemed<T> {
    const found = issued.get(code);
    if (found === undefined) return { kind: "unknown" };
    if (found.used) return { kind: "used" };
    if (clock.now() >= found.until) return { kind: "expired" };
    return { kind: "good", about: found.about };
  }

  return {
    look,
    issue(about) {
      const code = makeCode();
      issued.set(code, { about, until: clock.now() + life, used: false });
      return code;
    },
    redeem(code) {
      const seen = look(code);
      const found = issued.get(code);
      if (seen.kind === "good" && found !== undefined) found.used = true;
      return seen;
    },
  };
}
