// What every part of the control plane is made with, and the contracts between its parts. main.ts makes one; tests
// may make several in one process.

import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from "fastify";
import type { AuditAction, AuditActor } from "../domain/audit.js";
import type { AccountId, NodeId, OrganizationId, Thumbprint } from "../domain/ids.js";
import type { Password } from "../domain/login.js";
import type { Clock } from "../platform/clock.js";
import type { Log } from "../platform/log.js";
import type { Random } from "../platform/random.js";
import type { PeopleScope } from "../protocol/versions.js";
import type { ControlConfig } from "./config.js";
import type { Executor, Store, Tx } from "./store/store.js";

export interface ControlContext {
  readonly config: ControlConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly passwords: Passwords;
  readonly limits: Limits;
  readonly audit: AuditLog;
  readonly events: Events;
  readonly metrics: Metrics;
  /** Of this database: nodes keep it beside their binding. */
  readonly controlPlaneId: string;
}

/** A person behind a token, or behind a browser session (`scope` people then). */
export interface PersonActor {
  readonly kind: "person";
  readonly accountId: AccountId;
  readonly scope: PeopleScope;
  /** The terminal's or the browser's session. */
  readonly sessionId: string;
  readonly address: string;
}

export interface NodeActor {
  readonly kind: "node";
  readonly nodeId: NodeId;
  readonly thumbprint: Thumbprint;
  readonly address: string;
  /** When its access token ends, milliseconds since 1970: the event stream closes then. */
  readonly expiresAt?: number;
}

/** Token and DPoP checks for /v1, as pre-handlers (RFC 9449 section 7). They set what `personOf` and `nodeOf` return. */
export interface Authentication {
  /** `activate` also admits sessions of scope `people`. */
  person(scope: PeopleScope): preHandlerAsyncHookHandler;
  node(): preHandlerAsyncHookHandler;
  personOf(request: FastifyRequest): PersonActor;
  nodeOf(request: FastifyRequest): NodeActor;
}

export interface Passwords {
  hash(password: Password): Promise<string>;
  /** Takes equally long for an unknown name (`stored` undefined), and is false then. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
}

/** Keys at rest, all derived from the key file (HKDF). Lookups are keyed hashes; sealing is AES-256-GCM. */
export interface Secrets {
  /** What the database keeps to recognise the key file it was made with; says nothing about it. */
  readonly check: string;
  /** HMAC-SHA-256 for finding a code without storing it; `purpose` separates the kinds. */
  lookup(purpose: "user_code" | "binding_code" | "idempotency", undashed: string): string;
  /** `context` is authenticated with it (an organization id, a row's key): a moved ciphertext does not open. */
  seal(plain: string, context: string): string;
  /** Throws where the text was not sealed by this key with this context. */
  unseal(sealed: string, context: string): string;
  /** Refresh token of a session's generation: HMAC(key, family ‖ generation). */
  refreshToken(sessionId: string, generation: number): string;
  /** The DPoP nonce of the 60 s slot that `now` lies in. */
  nonce(now: number): string;
  /** Of the current or the previous slot? */
  isFreshNonce(nonce: string, now: number): boolean;
  /** SHA-256, base64url: for tokens and device codes, which have entropy of their own. */
  hash(token: string): string;
}

export type LimitName =
  | "user_code"
  | "binding_code"
  | "password"
  | "sign_up"
  | "device_request"
  | "org_creation"
  | "code_refresh"
  | "sign_in_start";

/** Who is limited: hard per account + address when signed in, per address (IPv6: its /64) when not. */
export interface LimitSubject {
  readonly address: string;
  readonly accountId?: string;
  /** Whose secret is guessed by somebody not signed in (a hash of the typed name): slows down, never refuses. */
  readonly target?: string;
}

/**
 * Wrong attempts: 5, then 15 minutes' pause; 30 an hour. Device requests: 60 an hour per address; new accounts: 20;
 * sign-ins begun at providers: 600. Refreshed binding codes: 60.
 * Counted in the database, in transactions of their own, so that a refusal's rollback does not take them back.
 */
export interface Limits {
  /**
   * Throws `rate_limited` with `retryAfter` while the subject is paused. Call before looking anything up. True when
   * there is a run of wrong attempts that a right one clears.
   */
  check(limit: LimitName, subject: LimitSubject): Promise<boolean>;
  /** Counts a wrong attempt (or, for device_request, sign_up and org_creation, a use). */
  count(limit: LimitName, subject: LimitSubject): Promise<void>;
  /** After a right one: clears the run of wrong ones of this subject. */
  clear(limit: LimitName, subject: LimitSubject): Promise<void>;
  /**
   * `check` and `count` in one step, for what many requests at once must not slip through: the attempt counts as wrong
   * (or used) until `right` takes it back. Throws `rate_limited`.
   */
  take(limit: LimitName, subject: LimitSubject): Promise<Attempt>;
  /**
   * As `take` after a `check` (without one nothing is slowed down), counted in the transaction of what is being used: of
   * it nothing is taken back. Call last: others who count wait for this transaction.
   */
  use(tx: Tx, limit: LimitName, subject: LimitSubject): Promise<void>;
  /**
   * What one subject asks is worked on one after the other (by this replica), so that what is checked before and counted
   * afterwards cannot be dodged by asking many times at once. Costs no write, and remembers nothing.
   */
  inTurn<T>(subject: LimitSubject, work: () => Promise<T>): Promise<T>;
}

export interface Attempt {
  right(): Promise<void>;
}

export interface AuditEntry {
  readonly action: AuditAction;
  readonly actor: AuditActor;
  readonly orgId?: OrganizationId | undefined;
  /** The id of what it happened to. */
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly address: string;
}

export interface AuditLog {
  /** In the transaction of the change itself. */
  write(tx: Tx, entry: AuditEntry): Promise<void>;
}

export type ControlEvent =
  | { readonly type: "binding_changed"; readonly nodeId: NodeId }
  | { readonly type: "organization_changed"; readonly orgId: OrganizationId }
  | { readonly type: "session_ended"; readonly accountId: AccountId };

/** Between the parts and, on PostgreSQL, the replicas (NOTIFY). A lost event costs nothing: readers open with the full state. */
export interface Events {
  /** Delivered after the transaction's commit, to all replicas. */
  publish(tx: Tx, event: ControlEvent): Promise<void>;
  subscribe(listener: (event: ControlEvent) => void): () => void;
  close(): Promise<void>;
}

export interface Metrics {
  count(name: string, labels?: Readonly<Record<string, string>>): void;
  observe(name: string, seconds: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, read: () => number): void;
  render(): string;
}

/** A file of http/ exports one of these: it adds its routes and nothing else. */
export type Routes = (app: FastifyInstance, context: ControlContext, authentication: Authentication) => void;

export type { Executor, Store, Tx };
