// Signed-in browsers: an opaque id of 256 bits in a cookie, its SHA-256 in the database. Every sign-in makes a new id.
// 12 hours idle, 7 days at most. The CSRF token of a session is an HMAC under a secret that never leaves the database.

import { createHmac, timingSafeEqual } from "node:crypto";
import type { AccountId } from "../../domain/ids.js";
import { asAccountId } from "../../domain/ids.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, PersonActor, Tx } from "../context.js";
import { local } from "../store/accounts.js";
import {
  endBrowserSession,
  endBrowserSessionsOf,
  findBrowserSession,
  insertBrowserSession,
  touchBrowserSession,
  type BrowserSessionRow,
} from "../store/browser-sessions.js";
import { mayCreate } from "./founding.js";

export interface BrowserSession {
  /** Public id, for lists and for revoking. */
  readonly id: string;
  readonly idHash: string;
  readonly accountId: AccountId;
  readonly accountName: string;
  readonly mayCreateOrganizations: boolean;
  /** Of every form of this session: the HMAC of "form" under its own secret. */
  readonly formToken: string;
  /** HMAC of `what` under the session's own secret. */
  sign(what: string): string;
}

export interface Visitor {
  readonly address: string;
  readonly agent: string;
}

export interface BrowserSessions {
  /** In the transaction that decided to let the person in; returns the cookie's value. */
  open(tx: Tx, accountId: AccountId, visitor: Visitor, provider?: string): Promise<string>;
  /**
   * Undefined for unknown, ended and expired ones, and for those of a disabled account. `use` false: what a page asks for
   * by itself does not keep a session from ending unused.
   */
  read(cookie: string, use?: boolean): Promise<BrowserSession | undefined>;
  /** Whether it lasts; unlike `read`, this is no use of it. */
  isLive(session: BrowserSession): Promise<boolean>;
  end(session: BrowserSession, address: string): Promise<void>;
  /** All of an account, in the transaction of what ends them. */
  endAll(tx: Tx, accountId: AccountId): Promise<void>;
}

const idBytes = 32;
const hour = 3_600_000;
const minute = 60_000;
export const idleLimit = 12 * hour;
export const absoluteLimit = 7 * 24 * hour;
const cookiePattern = /^[A-Za-z0-9_-]{43}$/;

export function createBrowserSessions(
  context: Pick<ControlContext, "audit" | "clock" | "config" | "events" | "random" | "secrets" | "store">,
): BrowserSessions {
  const { clock, random, secrets, store } = context;
  return {
    async open(tx, accountId, visitor, provider = local.provider) {
      const now = clock.now();
      const cookie = random.token(idBytes);
      const id = random.uuid();
      await insertBrowserSession(tx, {
        id_hash: secrets.hash(cookie),
        id,
        account_id: accountId,
        csrf_secret: random.token(idBytes),
        address: visitor.address,
        agent: visitor.agent,
        created_at: now,
        last_used_at: now,
        expires_at: now + absoluteLimit,
        revoked_at: null,
      });
      await context.audit.write(tx, {
        action: "account.signed_in",
        actor: { kind: "account", id: accountId },
        subject: accountId,
        detail: { session_id: id, provider },
        address: visitor.address,
      });
      return cookie;
    },

    async read(cookie, use = true) {
      if (!cookiePattern.test(cookie)) return undefined;
      const now = clock.now();
      const row = await findBrowserSession(store, secrets.hash(cookie));
      if (row === undefined || !lasts(row, now)) return undefined;
      // Once a minute is exact enough for an idle limit of hours.
      if (use && now >= row.last_used_at + minute) await touchBrowserSession(store, row.id_hash, now);
      const accountId = asAccountId(row.account_id);
      if (accountId === undefined) return undefined;
      return {
        id: row.id,
        idHash: row.id_hash,
        accountId,
        accountName: row.account_name,
        mayCreateOrganizations: mayCreate(context, row.account_origin),
        formToken: sign(row.csrf_secret, "form"),
        sign: (what) => sign(row.csrf_secret, what),
      };
    },

    async isLive({ idHash }) {
      const row = await findBrowserSession(store, idHash);
      return row !== undefined && lasts(row, clock.now());
    },

    async end(session, address) {
      await store.transaction(async (tx) => {
        await endBrowserSession(tx, session.idHash, clock.now());
        await context.audit.write(tx, {
          action: "session.revoked",
          actor: { kind: "account", id: session.accountId },
          subject: session.id,
          detail: { kind: "browser" },
          address,
        });
        await context.events.publish(tx, { type: "session_ended", accountId: session.accountId });
      });
    },

    endAll: (tx, accountId) => endBrowserSessionsOf(tx, accountId, clock.now()),
  };
}

const lasts = (row: BrowserSessionRow, now: number): boolean =>
  row.disabled_at === null && now < row.expires_at && now < row.last_used_at + idleLimit;

export const sign = (secret: string, what: string): string =>
  createHmac("sha256", secret).update(what).digest("base64url");

/** In constant time; `given` comes from outside. */
export function isSame(given: string | undefined, expected: string): boolean {
  if (given === undefined) return false;
  const a = createHmac("sha256", "compare").update(given).digest();
  return timingSafeEqual(a, createHmac("sha256", "compare").update(expected).digest());
}

/** A person at a page may do all that a person may do. */
export const personAt = (session: BrowserSession, address: string): PersonActor => ({
  kind: "person",
  accountId: session.accountId,
  scope: "people",
  sessionId: session.id,
  address,
});

/** Throws `csrf_invalid` unless the form was rendered for this session. */
export function assertForm(session: BrowserSession, given: string | undefined): void {
  if (!isSame(given, session.formToken)) throw new JitnodeError("csrf_invalid");
}
