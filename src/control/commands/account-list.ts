// `jitnode-control account list`: who has an account here.

import { escapeForTerminal } from "../../domain/escape.js";
import { toDate } from "../../platform/clock.js";
import { createAccountAdministration } from "../services/account-administration.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "account list",
  describe: "List the accounts of this control plane, oldest first.",
  options: [{ flags: "--json", describe: "Print JSON." }],
  async run(input) {
    const rows = await createAccountAdministration(await input.context()).list();
    const accounts = rows.map((row) => ({
      id: row.id,
      sign_in_name: row.login,
      name: row.name,
      origin: row.origin,
      created_at: toDate(row.created_at),
      disabled_at: row.disabled_at === null ? null : toDate(row.disabled_at),
    }));
    if (input.options["json"] === true) {
      input.print(JSON.stringify({ accounts }));
      return;
    }
    if (accounts.length === 0)
      input.note("There is no account yet; `jitnode-control setup-link` makes a link for the first.");
    for (const account of accounts) {
      const state = account.disabled_at === null ? "" : "  disabled";
      input.print(
        `${account.id}  ${escapeForTerminal(account.sign_in_name ?? "-")}  ${escapeForTerminal(account.name)}${state}`,
      );
    }
  },
};
