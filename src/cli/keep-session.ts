// Puts a session on disk after a sign-in, in place of the one that was there for that control plane.

import { createSessionOf } from "./control-plane.js";
import type { Context } from "./context.js";
import { line } from "./output/line.js";
import type { SignedIn } from "./sign-in.js";

/** Before anybody signs in, and perhaps joins an organization: throws what `keepSession` would for want of its lock. */
export const assertKeepable = async (context: Context): Promise<void> =>
  (await context.sessions()).exclusive(() => Promise.resolve());

/** Whether it is stored; where it cannot be, it lasts for this command, with a note. */
export async function keepSession(context: Context, { session, stored }: SignedIn): Promise<boolean> {
  const store = await context.sessions();
  const { before, kept } = await store.exclusive(async () => ({
    before: await store.read(session.issuer),
    kept: await store.write(session.issuer, stored),
  }));
  if (!kept) {
    context.output.warn(line`The session cannot be stored; it lasts for this command only.`);
    context.output.note(line`Set JITNODE_CONFIG_DIR to a folder that can be written.`);
  }
  // Nobody holds the earlier one any more: it must not stay valid.
  if (kept && before !== undefined) await (await createSessionOf(context, session.issuer, before, false)).revoke();
  return kept;
}
