// `jitnode-control account enable`: its person may sign in again.

import { escapeForTerminal } from "../../domain/escape.js";
import { createAccountAdministration } from "../services/account-administration.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "account enable",
  describe: "Enable an account that was disabled.",
  arguments: [{ name: "ACCOUNT", describe: "account ID (JP_…) or sign-in name" }],
  options: [],
  async run(input) {
    const account = await createAccountAdministration(await input.context()).enable(input.arguments[0] ?? "");
    input.note(`${account.id} (${escapeForTerminal(account.name)}) is enabled.`);
  },
};
