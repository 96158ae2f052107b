// Owns how much is tried, and from which seed: JITNODE_TEST_RUNS, JITNODE_TEST_SEED. The seed is always printed.
import { randomInt } from "node:crypto";

const whole = (name: string): number | undefined => {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be a whole number, not ${text}`);
  return value;
};

export const runsOr = (few: number): number => whole("JITNODE_TEST_RUNS") ?? few;

/** Of this test; printed so that a run can be repeated. */
export function seedFor(what: string): number {
  const seed = whole("JITNODE_TEST_SEED") ?? randomInt(2 ** 31);
  console.log(`${what}: JITNODE_TEST_SEED=${seed}`);
  return seed;
}
