// Ties a database to its key file: the first start writes the check value, every later one compares it. Whoever serves
// also announces itself, so that `keys rewrap` does not change the key under a running server.

import { JitnodeError } from "../protocol/errors.js";
import type { ControlContext } from "./context.js";
import { announceServer, initMetadata, keyCheckName, lockMetadata, withdrawServer } from "./store/metadata.js";
import type { Executor } from "./store/store.js";

/** Announced anew every 30 s. */
export const announcementLife = 90_000;

/** Throws `key_mismatch`. */
export async function assertKeyOfDatabase(executor: Executor, check: string): Promise<void> {
  if ((await initMetadata(executor, keyCheckName, check)) !== check) throw new JitnodeError("key_mismatch");
}

type Announcing = Pick<ControlContext, "clock" | "secrets" | "store">;

/**
 * Throws `key_mismatch` where the database has been given another key. Under the lock that a rewrap holds: either the
 * rewrap sees this server, or this server sees the new key.
 */
export async function announce(context: Announcing, serverId: string): Promise<void> {
  await context.store.transaction(async (tx) => {
    if ((await lockMetadata(tx, keyCheckName)) !== context.secrets.check) throw new JitnodeError("key_mismatch");
    await announceServer(tx, serverId, context.clock.now() + announcementLife);
  });
}

export const withdraw = (context: Announcing, serverId: string): Promise<void> =>
  withdrawServer(context.store, serverId);
