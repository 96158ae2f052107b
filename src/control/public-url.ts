// The public URL is part of every binding and of every terminal's session: a server that comes back under another one says
// so for as long as any of those made before depends on the one before.
//
// Invariants: what is remembered changes only when nothing depends on it any more, so going back is always silent; of
// replicas with different URLs none overwrites what the others' nodes know.

import type { ControlContext } from "./context.js";
import { sessionIdle } from "./oauth/session-life.js";
import { anyLiveBinding } from "./store/bindings.js";
import { deleteMetadata, publicUrlName, readMetadata, triedUrlName, writeMetadata } from "./store/metadata.js";
import { anyLiveSession } from "./store/sessions.js";

type Deps = Pick<ControlContext, "clock" | "config" | "log" | "store">;

/** At every start, before listening. */
export async function rememberPublicUrl({ clock, config: { publicUrl }, log, store }: Deps): Promise<void> {
  const now = clock.now();
  const before = await readMetadata(store, publicUrlName);
  if (before === publicUrl) return deleteMetadata(store, triedUrlName);
  const since = await sinceWhen(store, publicUrl, now);
  const isNeeded =
    before !== undefined &&
    ((await anyLiveBinding(store, since)) || (await anyLiveSession(store, since, now, now - sessionIdle)));
  if (!isNeeded) {
    await writeMetadata(store, publicUrlName, publicUrl);
    return deleteMetadata(store, triedUrlName);
  }
  log.warn(
    "the public URL has changed: nodes and terminals that know the one before keep to it, and are refused here",
    {
      public_url: publicUrl,
      before,
      to_do:
        "set JITNODE_CONTROL_PUBLIC_URL back, or unbind and activate each node anew, and let people sign in anew; said at every start until then",
    },
  );
}

/** The first start under this URL since the last under the remembered one: what is made later depends on it. */
async function sinceWhen(store: Deps["store"], publicUrl: string, now: number): Promise<number> {
  const [since, tried] = (await readMetadata(store, triedUrlName))?.split(" ") ?? [];
  if (tried === publicUrl) return Number(since);
  await writeMetadata(store, triedUrlName, `${String(now)} ${publicUrl}`);
  return now;
}
