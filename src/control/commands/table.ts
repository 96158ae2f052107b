// Which words call which file. Each file exports `command`; it is loaded only when it is called, or for --help.

import type { Command } from "./command.js";

export type CommandLoader = () => Promise<{ readonly command: Command }>;

export const commandTable: Readonly<Record<string, CommandLoader>> = {
  serve: () => import("./serve.js"),
  migrate: () => import("./migrate.js"),
  health: () => import("./health.js"),
  "keys rotate": () => import("./keys-rotate.js"),
  "keys rewrap": () => import("./keys-rewrap.js"),
};
