// `jitnode-control setup-link`: a new link for the first account, when the one of the first start is lost or expired.

import { toDate } from "../../platform/clock.js";
import { createSetupLink } from "../services/links.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "setup-link",
  describe: "Print a one-time link for making the first account.",
  options: [],
  async run(input) {
    const link = await createSetupLink(await input.context());
    input.print(link.url);
    input.note(
      `Open it once, before ${toDate(link.expiresAt)}. Whoever opens it first makes the first account; links printed before have ended.`,
    );
  },
};
