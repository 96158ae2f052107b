// `jitnode-control sign-in rename`: the name of a provider is part of the key of everybody who signs in with it, so
// changing it in the settings alone would make all of them somebody new.

import { JitnodeError } from "../../protocol/errors.js";
import { renameSignIn } from "../services/identities.js";
import type { Command } from "./command.js";

export const command: Command = {
  name: "sign-in rename",
  describe:
    "Give a sign-in provider another name: moves everybody who signs in with it, in one transaction. Stop the control plane first.",
  arguments: [
    { name: "OLD", describe: "the name until now" },
    { name: "NEW", describe: "the name from now on: letters and digits" },
  ],
  options: [],
  async run(input) {
    const [from, to] = [nameOf(input.arguments[0]), nameOf(input.arguments[1])];
    const renamed = await renameSignIn(await input.context(), from, to);
    input.print(`${String(renamed)} ${renamed === 1 ? "way" : "ways"} of signing in moved from ${from} to ${to}.`);
    input.note(`Now call the settings JITNODE_CONTROL_SIGNIN_${to.toUpperCase()}_…, register the callback URL`);
    input.note(`${input.config().publicUrl}/auth/callback/${to} at the provider, and start again.`);
  },
};

/** As in settings, or as in the callback URL. */
function nameOf(text = ""): string {
  if (/^[A-Za-z0-9]+$/.test(text) && text.toLowerCase() !== "local") return text.toLowerCase();
  throw new JitnodeError("usage", {
    message: `"${text}" cannot be the name of a provider.`,
    hint: "Use letters and digits; local is the name of local accounts.",
  });
}
