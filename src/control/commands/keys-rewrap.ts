// `jitnode-control keys rewrap`: gives the database a new master key (see services/rewrap.ts for what that means).

import { JitnodeError } from "../../protocol/errors.js";
import { readKeyFile } from "../key-file.js";
import { rewrap } from "../services/rewrap.js";
import { createSecrets } from "../services/secrets.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "keys rewrap",
  describe: "Encrypt everything under a new key file, in one transaction. Stop the control plane first.",
  options: [
    {
      flags: "--new-key-file FILE",
      describe: "The new key: base64 of 32 bytes, readable by its owner alone.",
      required: true,
    },
  ],
  async run(input) {
    const path = String(input.options["newKeyFile"]);
    const masterKey = await readKeyFile(path);
    if (masterKey === undefined) {
      throw new JitnodeError("secret_file_unreadable", {
        message: `There is no file ${path}.`,
        hint: "Make one with `openssl rand -base64 32 > FILE && chmod 600 FILE`.",
      });
    }
    const result = await rewrap(await input.context(), createSecrets(masterKey));
    const { path: current } = input.config().keyFile;
    input.print(`Encrypted anew: ${result.bindingCodes} binding codes, ${result.signingKeys} signing keys.`);
    input.print(`Ended: ${result.pendingRequests} pending requests; their nodes and terminals ask again.`);
    input.note(`From now on this database opens with ${path} only. Before starting the control plane, put that file`);
    input.note(`in the place of ${current} on every replica, or set JITNODE_CONTROL_KEY_FILE to it. Keep the old key`);
    input.note("with backups made before.");
  },
};
