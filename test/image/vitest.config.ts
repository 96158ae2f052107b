// Owns how the tests of the image run: beside `npm test`, since they need a Docker engine; one file after another, since
// an engine copies one image at a time and would only answer later.
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
    testTimeout: 5 * minute,
    hookTimeout: 5 * minute,
    teardownTimeout: minute,
  },
});
