// Tells a page of an organization that something there has changed, until whoever reads it may read it no more: their
// session ended, or they belong to the organization no longer. What has changed is for the page itself to say.

import type { OrganizationId } from "../../domain/ids.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, PersonActor } from "../context.js";
import { requireAccess } from "./access.js";
import type { BrowserSession, BrowserSessions } from "./browser-sessions.js";

export type OrganizationChange = "changed" | "ping" | "gone";

export interface Following {
  readonly actor: PersonActor;
  readonly session: BrowserSession;
  readonly orgId: OrganizationId;
  /** Nobody reads any more. */
  readonly signal: AbortSignal;
  /** Milliseconds; for tests. */
  readonly pingEvery?: number;
}

/** A ping also finds what no event tells of: a session that expired. */
const pingEvery = 25_000;
/** Many changes at once (a hundred nodes that come back) are one. */
const gatherFor = 300;

export async function* organizationChanges(
  context: Pick<ControlContext, "clock" | "events" | "store">,
  sessions: Pick<BrowserSessions, "isLive">,
  following: Following,
): AsyncGenerator<OrganizationChange, void, undefined> {
  const { clock, events, store } = context;
  const { actor, session, orgId, signal } = following;
  let changed = false;
  let wake = new AbortController();
  const unsubscribe = events.subscribe((event) => {
    const concerns =
      (event.type === "organization_changed" && event.orgId === orgId) ||
      (event.type === "session_ended" && event.accountId === actor.accountId);
    if (!concerns) return;
    changed = true;
    wake.abort();
  });
  const mayRead = async (): Promise<boolean> => {
    if (!(await sessions.isLive(session))) return false;
    try {
      await requireAccess(store, actor, orgId, "see");
      return true;
    } catch (error) {
      if (error instanceof JitnodeError && error.code === "org_not_found") return false;
      throw error;
    }
  };

  try {
    for (;;) {
      // First, so that what comes while this is looked at and told is looked at again.
      const what = changed ? "changed" : "ping";
      changed = false;
      wake = new AbortController();
      if (!(await mayRead())) {
        yield "gone";
        return;
      }
      yield what;
      if (!changed) await clock.sleep(following.pingEvery ?? pingEvery, AbortSignal.any([signal, wake.signal]));
      if (changed) await clock.sleep(gatherFor, signal);
      if (signal.aborted) return;
    }
  } finally {
    unsubscribe();
  }
}
