// Owns how fixtures are recorded: by hand, once per version of a schema (README.md beside it); never by `npm test`.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/recording/*.record.ts"],
    globalSetup: ["test/support/shared-server.ts"],
    setupFiles: ["test/support/setup.ts"],
    pool: "forks",
    testTimeout: 120_000,
  },
});
