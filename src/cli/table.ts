// The table of commands: their words, and how each is loaded when it is called.

import type { Command } from "./command.js";

export interface Entry {
  readonly words: readonly [string, ...string[]];
  load(): Promise<Command>;
}

const entry = (words: string, load: () => Promise<{ readonly command: Command }>): Entry => {
  const [first = "", ...rest] = words.split(" ");
  return { words: [first, ...rest], load: async () => (await load()).command };
};

/** In the order of help. */
export const table: readonly Entry[] = [
  entry("activate", () => import("./commands/activate/activate.js")),
  entry("status", () => import("./commands/status/status.js")),
  entry("wait", () => import("./commands/status/wait.js")),
  entry("health", () => import("./commands/status/health.js")),
  entry("login", () => import("./commands/session/login.js")),
  entry("logout", () => import("./commands/session/logout.js")),
  entry("whoami", () => import("./commands/session/whoami.js")),
  entry("org list", () => import("./commands/org/list.js")),
  entry("org create", () => import("./commands/org/create.js")),
  entry("org join", () => import("./commands/org/join.js")),
  entry("org show", () => import("./commands/org/show.js")),
  entry("org code", () => import("./commands/org/code.js")),
  entry("org code refresh", () => import("./commands/org/code-refresh.js")),
  entry("org members", () => import("./commands/org/members.js")),
  entry("org remove", () => import("./commands/org/remove.js")),
  entry("org nodes", () => import("./commands/org/nodes.js")),
  entry("node show", () => import("./commands/node/show.js")),
  entry("node unbind", () => import("./commands/node/unbind.js")),
  entry("version", () => import("./commands/version.js")),
  entry("completion", () => import("./commands/completion/completion.js")),
  entry("dev", () => import("./commands/dev/dev.js")),
];
