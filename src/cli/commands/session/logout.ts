// `jitnode logout`: ends the session at the control plane and forgets it here.

import { exitCodes } from "../../../protocol/exit-codes.js";
import { serverOption, type Command } from "../../command.js";
import { asStoredSession, resolveServer } from "../../control-plane.js";
import { line } from "../../output/line.js";

export const command: Command = {
  summary: "End your session at the control plane",
  description: "The node stays bound: its binding does not depend on who is signed in.",
  options: [serverOption],
  examples: [{ line: "jitnode logout", says: "Of this node's control plane" }],
  schema: "logout",
  async run(context) {
    const issuer = await resolveServer(context);
    const store = await context.sessions();
    const revoked = await store.exclusive(async () => {
      const session = await asStoredSession(context, issuer);
      if (session === undefined) return undefined;
      // Forgotten first: whatever the network does, nobody is signed in here any more.
      await store.remove(issuer);
      return session.revoke({ signal: context.signal });
    });
    if (revoked === false) {
      context.output.warn(
        line`The control plane could not be told; there the session ends by itself once it is not used.`,
      );
    }
    context.output.result({ server: issuer, was_signed_in: revoked !== undefined, revoked: revoked ?? false }, () => [
      revoked === undefined ? line`You were not signed in at ${issuer}.` : line`Signed out at ${issuer}.`,
    ]);
    return exitCodes.done;
  },
};
