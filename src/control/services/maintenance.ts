// Removes what has expired, again and again. Every replica does it; a row that another one removed first is no matter.

import { announce } from "../key-check.js";
import type { ControlContext } from "../context.js";
import { deleteExpiredLinks } from "../store/account-links.js";
import { deleteExpiredBrowserSessions } from "../store/browser-sessions.js";
import { deleteExpiredRequests as deleteExpiredDeviceRequests } from "../store/device-requests.js";
import { deleteExpiredRequests as deleteExpiredAnswers } from "../store/idempotent-requests.js";
import { removeOldAnnouncements } from "../store/metadata.js";
import { deleteExpiredLimits } from "../store/rate-limits.js";
import { deleteExpiredProofs } from "../store/seen-proofs.js";
import { deleteExpiredAttempts } from "../store/sign-in-attempts.js";
import { deleteDeadSessions } from "../store/sessions.js";
import { deleteRemovedKeys } from "../store/signing-keys.js";
import { sessionIdle } from "../oauth/session-life.js";

const hour = 60 * 60_000;
const day = 24 * hour;
const every = 30_000;

/** So long a poll still learns that its code has expired, rather than that there is no such code. */
export const keepDeviceRequests = day;
const keepSessions = 7 * day;
const keepLinks = 7 * day;

export async function removeExpired(context: Pick<ControlContext, "clock" | "store">): Promise<void> {
  const { store } = context;
  const now = context.clock.now();
  await deleteExpiredProofs(store, now);
  await deleteExpiredLimits(store, now);
  await deleteExpiredAnswers(store, now);
  await deleteExpiredDeviceRequests(store, now - keepDeviceRequests);
  await deleteDeadSessions(store, now - keepSessions, now - sessionIdle - keepSessions);
  await deleteExpiredBrowserSessions(store, now - keepSessions);
  await deleteExpiredLinks(store, now - keepLinks);
  await deleteExpiredAttempts(store, now);
  await deleteRemovedKeys(store, now - day);
  await removeOldAnnouncements(store, now);
}

export interface Maintenance {
  close(): Promise<void>;
}

/** `onLostKey`: the database was given another key while this server ran; it must not write another line. */
export function startMaintenance(
  context: ControlContext,
  serverId: string,
  onLostKey: (error: unknown) => void,
): Maintenance {
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await context.clock.sleep(every, stop.signal);
      if (stop.signal.aborted) return;
      try {
        await announce(context, serverId);
        await removeExpired(context);
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "key_mismatch") return onLostKey(error);
        context.log.warn("maintenance failed", { error });
      }
    }
  };
  const running = loop();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}
