// Owns how the suite runs: one project per folder of test/, so that `vitest run --project arch` picks one of them.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";

const second = 1000;

/** Milliseconds one test may take: long enough for a busy machine of two cores, short enough to notice a hang. */
const timeouts = {
  arch: 60 * second,
  unit: 60 * second,
  integration: 120 * second,
  e2e: 120 * second,
  property: 240 * second,
  crash: 240 * second,
} as const;

// The long runs (npm run test:long) repeat the same tests far more often.
const long = process.env["JITNODE_TEST_RUNS"] !== undefined;

export default defineConfig({
  test: {
    globalSetup: ["test/support/shared-server.ts"],
    // Two more than there are processors: much of the time a file waits for programs, sleeps and polls.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    projects: Object.entries(timeouts).map(([name, timeout]) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        setupFiles: ["test/support/setup.ts"],
        pool: "forks" as const,
        testTimeout: long ? timeout * 60 : timeout,
        hookTimeout: 120 * second,
        // Vitest would give up after one second, which a busy machine needs for starting a program.
        expect: { poll: { timeout: 20 * second } },
        teardownTimeout: 20 * second,
      },
    })),
  },
});
