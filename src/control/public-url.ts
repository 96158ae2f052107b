// The public URL is part of every binding and of every session, so a server that comes back under another one says so.

import type { ControlContext } from "./context.js";
import { publicUrlName, readMetadata, writeMetadata } from "./store/metadata.js";

/** Warns where the last server on this database had another one. */
export async function rememberPublicUrl({
  config: { publicUrl },
  log,
  store,
}: Pick<ControlContext, "config" | "log" | "store">): Promise<void> {
  const before = await readMetadata(store, publicUrlName);
  if (before === publicUrl) return;
  await writeMetadata(store, publicUrlName, publicUrl);
  if (before === undefined) return;
  log.warn(
    "the public URL has changed: nodes and terminals that know the one before keep to it, and are refused here",
    {
      public_url: publicUrl,
      before,
      to_do: "set JITNODE_CONTROL_PUBLIC_URL back, or unbind and activate each node anew, and let people sign in anew",
    },
  );
}
