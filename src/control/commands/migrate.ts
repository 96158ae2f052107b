// `jitnode-control migrate`: brings the database to this version without serving. `serve` does the same at its start.

import { createClock } from "../../platform/clock.js";
import { createRandom } from "../../platform/random.js";
import { openControl } from "../open.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "migrate",
  describe: "Bring the database to this version's schema.",
  options: [],
  async run(input) {
    const opened = await openControl(
      { config: input.config(), clock: createClock(), random: createRandom(), log: input.log() },
      "migrate",
    );
    await opened.close();
    input.print(
      opened.applied.length === 0 ? "The database is at this version." : `Applied: ${opened.applied.join(", ")}`,
    );
  },
};
