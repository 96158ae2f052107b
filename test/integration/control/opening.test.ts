// Opening the database of a control plane beside whoever puts another file in its place.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openControl } from "../../../src/control/open.js";
import { createClock } from "../../../src/platform/clock.js";
import { acquireLock } from "../../../src/platform/process-lock.js";
import { createRandom } from "../../../src/platform/random.js";
import { temporaryFolder } from "../../support/temporary.js";
import { createTestContext, outcome } from "../control-context.js";

test("no key file is made beside a database that came while the lock was waited for", async () => {
  const { config, log } = await createTestContext("sqlite");
  const dataDir = temporaryFolder();
  const [file, path, clock] = [join(dataDir, "control.db"), join(dataDir, "control.key"), createClock()];
  const restoring = await acquireLock(join(dataDir, "control.lock"), { clock, timeout: 0 });
  const settings = {
    ...config,
    dataDir,
    database: { kind: "sqlite", file },
    keyFile: { path, mayBeMade: true },
  } as const;
  const opened = outcome(openControl({ config: settings, clock, random: createRandom(), log }, "serve"));
  await clock.sleep(100);
  writeFileSync(file, "restored");
  restoring?.release();
  expect(await opened).toBe("secret_file_unreadable");
  expect(existsSync(path)).toBe(false);
});
