// The person behind a session: their account, and where they are signed in.

import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { Me, Session } from "../../protocol/people.js";
import type { ControlContext, PersonActor } from "../context.js";
import { sessionEnd } from "../oauth/session-life.js";
import { endTerminals, findAccount, lockAccount } from "../store/accounts.js";
import { endBrowserSessionsOf } from "../store/browser-sessions.js";
import { endOwnSession, listBrowsers, listTerminals } from "../store/own-sessions.js";
import { auditActorOf } from "./access.js";
import { idleLimit } from "./browser-sessions.js";
import { mayCreate } from "./founding.js";
import type { Page } from "./paging.js";

/** Of each kind; older ones have been of no use for long and expire by themselves. */
const listed = 500;

export interface Myself {
  show(actor: PersonActor): Promise<Me>;
  /** Terminals and browsers, most recently used first. */
  sessions(actor: PersonActor): Promise<Page<Session>>;
  /** At once; nothing happens where it has ended or is another person's. */
  endSession(actor: PersonActor, id: string): Promise<void>;
  /** Every browser and terminal of this person, the one that asks included. */
  endAllSessions(actor: PersonActor): Promise<void>;
}

export function createMyself(context: ControlContext): Myself {
  const { clock, store } = context;

  return {
    async show(actor) {
      const account = await findAccount(store, actor.accountId);
      if (account === undefined) throw new JitnodeError("session_ended");
      return {
        account: { id: account.id, name: account.name, created_at: toDate(account.created_at) },
        scope: actor.scope,
        session_id: actor.sessionId,
        may_create_organizations: mayCreate(context, account.origin),
      };
    },

    async sessions(actor) {
      const now = clock.now();
      const terminals = await listTerminals(store, actor.accountId, now, listed);
      const browsers = await listBrowsers(store, actor.accountId, now, listed);
      const rows = [
        ...terminals.map((row) => ({ ...row, kind: "terminal" as const, expires_at: sessionEnd(row) })),
        ...browsers.map((row) => ({
          ...row,
          kind: "browser" as const,
          scope: null,
          expires_at: Math.min(row.expires_at, row.last_used_at + idleLimit),
        })),
      ]
        .filter((row) => row.expires_at > now)
        .sort((a, b) => b.last_used_at - a.last_used_at);
      return {
        items: rows.map((row) => ({
          id: row.id,
          kind: row.kind,
          scope: row.scope,
          address: row.address,
          agent: row.agent,
          created_at: toDate(row.created_at),
          last_used_at: toDate(row.last_used_at),
          expires_at: toDate(row.expires_at),
          current: row.id === actor.sessionId,
        })),
      };
    },

    endSession: (actor, id) =>
      store.transaction(async (tx) => {
        if (!(await endOwnSession(tx, actor.accountId, id, clock.now()))) return;
        await context.audit.write(tx, {
          action: "session.revoked",
          actor: auditActorOf(actor),
          subject: id,
          address: actor.address,
        });
        await context.events.publish(tx, { type: "session_ended", accountId: actor.accountId });
      }),

    endAllSessions: (actor) =>
      store.transaction(async (tx) => {
        const now = clock.now();
        // Held first, as wherever sessions are opened: none is opened in between.
        await lockAccount(tx, actor.accountId);
        await endBrowserSessionsOf(tx, actor.accountId, now);
        await endTerminals(tx, actor.accountId, now);
        await context.audit.write(tx, {
          action: "session.revoked",
          actor: auditActorOf(actor),
          subject: actor.accountId,
          detail: { kind: "all" },
          address: actor.address,
        });
        await context.events.publish(tx, { type: "session_ended", accountId: actor.accountId });
      }),
  };
}
