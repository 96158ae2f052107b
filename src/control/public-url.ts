// The public URL is part of every binding and of every terminal's session: what was made under another one keeps to that
// one, and is refused here. So each start under a URL that another one's nodes or terminals cannot use says so.
//
// Remembered is which URL was in use from when to when, for as long as something made meanwhile is alive. A start begins
// its own stretch, so what is made then counts for the URL of the server that started last.

import type { ControlContext } from "./context.js";
import { sessionIdle } from "./oauth/session-life.js";
import { anyLiveBinding } from "./store/bindings.js";
import { initMetadata, lockMetadata, publicUrlsName, writeMetadata } from "./store/metadata.js";
import { anyLiveSession } from "./store/sessions.js";
import type { Span, Tx } from "./store/store.js";

type Deps = Pick<ControlContext, "clock" | "config" | "log" | "store">;

interface Stretch extends Span {
  readonly url: string;
}

/** At every start, before listening. */
export async function rememberPublicUrl({ clock, config: { publicUrl }, log, store }: Deps): Promise<void> {
  const now = clock.now();
  const needed = await store.transaction(async (tx) => {
    await initMetadata(tx, publicUrlsName, publicUrl);
    const known = asStretches((await lockMetadata(tx, publicUrlsName)) ?? "", now);
    const alive = [];
    for (const stretch of known) if (await isNeeded(tx, stretch, now)) alive.push(stretch);
    await writeMetadata(tx, publicUrlsName, asText(alive, publicUrl));
    return new Set(alive.map(({ url }) => url).filter((url) => url !== publicUrl));
  });
  if (needed.size === 0) return;
  log.warn("the public URL has changed: nodes and terminals that know another one keep to it, and are refused here", {
    public_url: publicUrl,
    before: [...needed].join(" "),
    to_do:
      "set JITNODE_CONTROL_PUBLIC_URL back, or unbind and activate each of those nodes anew, and let people sign in anew; said at every start until then",
  });
}

const isNeeded = async (tx: Tx, made: Span, now: number): Promise<boolean> =>
  (await anyLiveBinding(tx, made)) || (await anyLiveSession(tx, made, now, now - sessionIdle));

/** URLs, and between two of them when the one followed the other: `https://one 1700000000000 https://two`. */
function asStretches(text: string, now: number): readonly Stretch[] {
  const words = text.split(" ");
  return words.flatMap((url, at) =>
    at % 2 === 0 ? [{ url, from: Number(words[at - 1] ?? 0), to: Number(words[at + 1] ?? now) }] : [],
  );
}

/** What lies between two stretches is empty, and joins the later one. */
const asText = (stretches: readonly Stretch[], last: string): string =>
  stretches
    .filter(({ url }, at) => url !== (stretches[at + 1]?.url ?? last))
    .flatMap(({ url, to }) => [url, String(to)])
    .concat(last)
    .join(" ");
