// Which words call which file. Each file exports `command`; it is loaded only when it is called, or for --help.

import type { Command } from "./command.js";

export type CommandLoader = () => Promise<{ readonly command: Command }>;

/** What the commands that begin with this word are for. */
export const groupTable: Readonly<Record<string, string>> = {
  account: "See who has an account, disable and enable accounts, and help whoever forgot a password.",
  "sign-in": "Test the sign-in providers that are set up, and give one another name.",
  keys: "Change the key that signs access tokens, and the key that encrypts the database.",
};

export const commandTable: Readonly<Record<string, CommandLoader>> = {
  serve: () => import("./serve.js"),
  migrate: () => import("./migrate.js"),
  health: () => import("./health.js"),
  backup: () => import("./backup.js"),
  restore: () => import("./restore.js"),
  "setup-link": () => import("./setup-link.js"),
  invite: () => import("./invite.js"),
  "account list": () => import("./account-list.js"),
  "account reset-link": () => import("./account-reset-link.js"),
  "account disable": () => import("./account-disable.js"),
  "account enable": () => import("./account-enable.js"),
  "sign-in check": () => import("./sign-in-check.js"),
  "sign-in rename": () => import("./sign-in-rename.js"),
  "keys rotate": () => import("./keys-rotate.js"),
  "keys rewrap": () => import("./keys-rewrap.js"),
};
