// A person's session at one control plane: the access token when a request needs it, refreshed when it has run out.
// Refresh tokens rotate: the successor is on disk before anything uses it; a lost answer is asked for again with the
// same token, which the control plane's retry window allows (DESIGN section 4).

import { asKeyPair, type KeyPair } from "../identity/keys.js";
import type { Clock } from "../platform/clock.js";
import { JitnodeError } from "../protocol/errors.js";
import { tokenAnswer, type TokenAnswer } from "../protocol/oauth.js";
import { clients, grantTypes, type PeopleScope } from "../protocol/versions.js";
import type { ControlTransport } from "./control-transport.js";
import { revokeToken } from "./device-flow.js";
import type { SessionStore, StoredSession } from "./session-store.js";

export interface Session {
  readonly issuer: string;
  readonly scope: PeopleScope;
  readonly account: StoredSession["account"];
  readonly transport: ControlTransport;
  /** A token that is good by this machine's clock; another one than `refused`. Throws `session_ended`. */
  accessToken(refused?: string): Promise<string>;
  /** Ends it at the control plane; false where that could not be reached. */
  revoke(options?: { readonly timeout?: number; readonly signal?: AbortSignal }): Promise<boolean>;
}

export interface SessionOptions {
  readonly transport: ControlTransport;
  readonly clock: Clock;
  /** Undefined: the session lives in this process only. */
  readonly store: SessionStore | undefined;
  readonly stored: StoredSession;
  readonly signal?: AbortSignal | undefined;
  /** Told when a rotated token could not be written: the session ends with this command then. */
  readonly onNotStored?: () => void;
}

/** Tokens are renewed this long before they run out, in milliseconds. */
const margin = 20_000;
const refreshAttempts = 4;
const refreshPause = 400;

/** What to keep of a token answer; undefined when it has no refresh token or another scope than was asked. */
export function asStoredSession(
  token: TokenAnswer,
  with_: {
    readonly key: KeyPair;
    readonly now: number;
    readonly account: StoredSession["account"];
    scope: PeopleScope;
  },
): StoredSession | undefined {
  if (token.refresh_token === undefined || (token.scope ?? with_.scope) !== with_.scope) return undefined;
  return {
    key: with_.key.exportPrivate(),
    scope: with_.scope,
    account: with_.account,
    refresh_token: token.refresh_token,
    access_token: token.access_token,
    access_expires_at: with_.now + token.expires_in * 1000,
  };
}

/** The key of a stored session; a damaged one ends the session. */
export function keyOf(stored: StoredSession): KeyPair {
  const key = asKeyPair(stored.key);
  if (key === undefined) throw new JitnodeError("session_ended", { message: "The stored session is damaged." });
  return key;
}

export function createSession(options: SessionOptions): Session {
  const { transport, clock, store, signal } = options;
  const issuer = transport.issuer;
  let current = options.stored;
  let refreshing: Promise<void> | undefined;

  const isGood = (session: StoredSession, refused: string | undefined): boolean =>
    session.access_token !== refused && session.access_expires_at - margin > clock.now();

  /** The same request again until an answer comes: each attempt may be the one whose answer was lost. */
  async function requestSuccessor(from: StoredSession): Promise<TokenAnswer | "ended"> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await transport.oauth(
        "token",
        { grant_type: grantTypes.refreshToken, client_id: clients.cli, refresh_token: from.refresh_token },
        { schema: tokenAnswer, signal },
      );
      if (answer.kind === "ok") return answer.body;
      if (answer.kind === "oauth-error") {
        if (answer.error === "invalid_grant") return "ended";
        throw new JitnodeError("control_plane_error", {
          message: `The control plane refused to renew the session (${answer.error}).`,
        });
      }
      if (answer.error.code === "interrupted" || attempt === refreshAttempts) throw answer.error;
      await clock.sleep(refreshPause * attempt, signal);
    }
  }

  async function renew(refused: string | undefined): Promise<void> {
    const stored = store === undefined ? current : await store.read(issuer);
    // Another command may have signed out, or renewed it while this one waited for the lock.
    if (stored === undefined) throw new JitnodeError("session_ended");
    // The transport proves with the key it was made with.
    if (stored.key !== current.key) {
      throw new JitnodeError("session_busy", { message: "Another command signed in anew meanwhile." });
    }
    current = stored;
    if (isGood(stored, refused)) return;
    const token = await requestSuccessor(stored);
    const next =
      token === "ended" ? undefined : asStoredSession(token, { ...stored, key: keyOf(stored), now: clock.now() });
    if (next === undefined) {
      await store?.remove(issuer).catch(() => undefined);
      throw new JitnodeError("session_ended");
    }
    if (store !== undefined && !(await store.write(issuer, next))) options.onNotStored?.();
    current = next;
  }

  return {
    issuer,
    scope: options.stored.scope,
    account: options.stored.account,
    transport,
    async accessToken(refused) {
      if (isGood(current, refused)) return current.access_token;
      const work = (): Promise<void> => renew(refused);
      refreshing ??= (store === undefined ? work() : store.exclusive(work)).finally(() => (refreshing = undefined));
      await refreshing;
      return current.access_token;
    },
    async revoke(call = {}) {
      const token = { clientId: clients.cli, token: current.refresh_token, hint: "refresh_token" } as const;
      return (await revokeToken(transport, token, call)).kind === "revoked";
    },
  };
}
