// `jitnode-control account disable`: nobody signs in with it, and its sessions have ended.

import { escapeForTerminal } from "../../domain/escape.js";
import { createAccountAdministration } from "../services/account-administration.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "account disable",
  describe: "Disable an account and end all its sessions at once.",
  arguments: [{ name: "ACCOUNT", describe: "account ID (JP_…) or sign-in name" }],
  options: [],
  async run(input) {
    const account = await createAccountAdministration(await input.context()).disable(input.arguments[0] ?? "");
    input.note(`${account.id} (${escapeForTerminal(account.name)}) is disabled: all its sessions have ended.`);
  },
};
