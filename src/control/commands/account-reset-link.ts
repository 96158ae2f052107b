// `jitnode-control account reset-link`: a link by which somebody who forgot it sets a new password.

import { toDate } from "../../platform/clock.js";
import { createResetLink } from "../services/links.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "account reset-link",
  describe: "Print a one-time link by which the person sets a new password; earlier ones stop working.",
  arguments: [{ name: "ACCOUNT", describe: "account ID (JP_…) or sign-in name" }],
  options: [],
  async run(input) {
    const link = await createResetLink(await input.context(), input.arguments[0] ?? "");
    input.print(link.url);
    input.note(`It works once, before ${toDate(link.expiresAt)}, and ends all sessions of the account.`);
  },
};
