// `jitnode-control restore FILE`: puts a backup in the place of the database, while nothing uses it.

import { resolve } from "node:path";
import { escapeForTerminal } from "../../domain/escape.js";
import { createClock, toDate } from "../../platform/clock.js";
import { restoreBackup } from "../services/backup.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "restore",
  describe: "Put a backup in the place of the SQLite database. Stop the control plane first.",
  arguments: [{ name: "FILE", describe: "what `jitnode-control backup` wrote" }],
  options: [],
  async run(input) {
    const file = resolve(input.arguments[0] ?? "");
    const config = input.config();
    const { content, aside, previousId, keyIsThere } = await restoreBackup(file, {
      config,
      clock: createClock(),
      signal: input.signal,
      onShare: (share) => input.progress(`Reading the backup: ${String(Math.floor(share * 100))} %`),
    });
    input.progress("");
    const made = content.madeAt === undefined ? "" : `, made ${toDate(content.madeAt)}`;
    input.print(`Restored: ${escapeForTerminal(file)} (schema ${String(content.schema)}${made})`);
    if (aside !== undefined) input.note(`The database that was here is kept as ${escapeForTerminal(aside)}.`);
    if (previousId !== undefined && previousId !== content.controlPlaneId) {
      input.note("It was that of another control plane: nodes bound there do not accept this one in its place.");
    }
    if (!keyIsThere) {
      input.note(`There is no key file at ${escapeForTerminal(config.keyFile.path)}: put the one that belongs to this`);
      input.note("backup there before the start. It is in no backup.");
    }
    input.note("What was changed since the backup is undone: refresh binding codes, and look at members and nodes,");
    input.note("as the guide on backups says.");
  },
};
