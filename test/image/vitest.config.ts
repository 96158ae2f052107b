// Owns how the tests of the image run: beside `npm test`, since they need a Docker engine; two files at a time, since much
// of their time goes into waiting for the engine.
import { defineConfig } from "vitest/config";

const minute = 60_000;

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/image/**/*.test.ts"],
    globalSetup: ["test/image/setup.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 3 * minute,
    hookTimeout: 5 * minute,
    teardownTimeout: minute,
  },
});
