// Owns how the tests of the image run: beside `npm test`, since they need a Docker engine; one file after another, since
// they share containers' ports and two cores.
import { defineConfig } from "vitest/config";

const minute = 60_000;

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/image/**/*.test.ts"],
    globalSetup: ["test/image/setup.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 3 * minute,
    hookTimeout: 5 * minute,
    teardownTimeout: minute,
  },
});
