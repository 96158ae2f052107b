// `jitnode-control invite`: a link by which one person makes an account, whatever the sign-up policy is.

import { toDate } from "../../platform/clock.js";
import { createInvitationLink } from "../services/links.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "invite",
  describe: "Print a one-time link by which one person can make an account.",
  options: [],
  async run(input) {
    const link = await createInvitationLink(await input.context());
    input.print(link.url);
    input.note(`Give it to one person. It works once, before ${toDate(link.expiresAt)}.`);
  },
};
