// `jitnode-control keys rotate`: access tokens are signed with a new key from now on, on every replica at once.

import { createSigningKeys } from "../services/signing-keys.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "keys rotate",
  describe: "Sign access tokens with a new key; the previous one stays valid until its last token has expired.",
  options: [],
  async run(input) {
    const context = await input.context();
    const keys = createSigningKeys({ ...context, accessTokenTtl: context.config.accessTokenTtl });
    const kid = await context.store.transaction(async (tx) => {
      const made = await keys.rotate(tx);
      await context.audit.write(tx, {
        action: "keys.rotated",
        actor: { kind: "operator", id: "control" },
        subject: made,
        address: "",
      });
      return made;
    });
    input.print(`Access tokens are now signed with key ${kid}.`);
  },
};
