// `jitnode-control backup FILE`: a copy of the database while the server works. The key file is never in it.

import { resolve } from "node:path";
import { escapeForTerminal } from "../../domain/escape.js";
import { createClock } from "../../platform/clock.js";
import { makeBackup } from "../services/backup.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "backup",
  describe: "Write a backup of the SQLite database, also while the control plane runs. The key file is not in it.",
  arguments: [{ name: "FILE", describe: "a file that is not there yet" }],
  options: [],
  async run(input) {
    const file = resolve(input.arguments[0] ?? "");
    const config = input.config();
    const content = await makeBackup(file, {
      config,
      clock: createClock(),
      signal: input.signal,
      onShare: (share) => input.progress(`Copying the database: ${String(Math.floor(share * 100))} %`),
    });
    input.progress("");
    input.print(`Backup written: ${escapeForTerminal(file)} (schema ${String(content.schema)})`);
    input.note(`The key file ${escapeForTerminal(config.keyFile.path)} is not in it, and without it this backup`);
    input.note("is of no use: keep a copy of the key file, apart from the backups.");
  },
};
