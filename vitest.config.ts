// Owns how the suite runs: one project per folder of test/, so that `vitest run --project arch` picks one of them.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const second = 1000;

/** Milliseconds one test may take: long enough for a busy machine of two cores, short enough to notice a hang. */
const timeouts = {
  arch: 30 * second,
  unit: 10 * second,
  integration: 60 * second,
  e2e: 60 * second,
  property: 240 * second,
  crash: 240 * second,
} as const;

// The long runs (npm run test:long) repeat the same tests far more often.
const long = process.env["JITNODE_TEST_RUNS"] !== undefined;

export default defineConfig({
  test: {
    globalSetup: ["test/support/shared-server.ts"],
    maxWorkers: Math.max(2, availableParallelism()),
    projects: Object.entries(timeouts).map(([name, timeout]) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        setupFiles: ["test/support/setup.ts"],
        pool: "forks" as const,
        testTimeout: long ? timeout * 60 : timeout,
        hookTimeout: 60 * second,
        teardownTimeout: 20 * second,
      },
    })),
  },
});
