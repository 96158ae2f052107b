// Owns how the mutants run: one after another, since each runs two suites of its own.
import { defineConfig } from "vitest/config";

const minute = 60_000;

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/mutants/**/*.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 10 * minute,
    hookTimeout: minute,
  },
});
