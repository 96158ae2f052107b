// The tables of the control plane, one description for SQLite and PostgreSQL. Times are milliseconds since 1970,
// truth values are 0 and 1, JSON is text, bytes are base64url: so both databases hold and return the same values.
// Migrations (./migrations) make them; they are append-only.
//
// Invariants kept by the database itself: one live binding per node (partial unique index on bindings.node_id where
// ended_at is null); one current binding code per organization; a thumbprint belongs to one node; a user code is
// unique among the requests that are kept; an organization id is never given twice (rows stay after deletion).

import type { RequestState } from "../../domain/activation.js";
import type { JoinedBy, Role } from "../../domain/membership.js";

export interface Metadata {
  readonly key: string;
  readonly value: string;
}

export interface Accounts {
  readonly id: string;
  name: string;
  readonly created_at: number;
  /** How it came to be: decides who may create organizations. */
  readonly origin: "setup" | "invitation" | "code" | "open";
  disabled_at: number | null;
}

/** A way in: provider + issuer + subject, never an e-mail address. For local accounts the subject is the sign-in name. */
export interface Identities {
  provider: string;
  readonly issuer: string;
  readonly subject: string;
  readonly account_id: string;
  /** scrypt, PHC string; local accounts only. */
  password_hash: string | null;
  readonly created_at: number;
  /** What it is called at the provider: for its owner's eyes, never to recognize anybody by. */
  display: string | null;
  /** Of providers: when it last signed in. */
  last_used_at: number | null;
}

/**
 * A browser on its way to a provider and back. `state` and the cookie are kept as hashes; nonce and PKCE verifier are
 * derived from both and kept nowhere. `answered_at`: the callback came, once. From then on the row holds who the
 * provider says it is, until a new person has said what is still missing (`used_at`).
 */
export interface SignInAttempts {
  readonly state_hash: string;
  readonly browser_hash: string;
  readonly provider: string;
  readonly purpose: "sign_in" | "link";
  /** Who links. */
  readonly account_id: string | null;
  /** The invitation or set-up link it came with. */
  readonly link_kind: "setup" | "invitation" | null;
  readonly link_hash: string | null;
  readonly target: string | null;
  readonly created_at: number;
  expires_at: number;
  answered_at: number | null;
  issuer: string | null;
  subject: string | null;
  name: string | null;
  display: string | null;
  used_at: number | null;
}

/** One-time links: the first account, an invitation, a new password. */
export interface AccountLinks {
  readonly token_hash: string;
  readonly kind: "setup" | "invitation" | "reset";
  readonly account_id: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  used_at: number | null;
}

export interface Organizations {
  readonly id: string;
  name: string;
  readonly created_at: number;
  readonly created_by: string;
  /** The agreement that its creator accepted: SHA-256 of the text, hex. */
  readonly agreement_version: string;
  readonly agreement_at: number;
  deleted_at: number | null;
}

export interface Memberships {
  readonly org_id: string;
  readonly account_id: string;
  role: Role;
  readonly joined_at: number;
  readonly joined_by: JoinedBy;
}

export interface BindingCodes {
  readonly id: string;
  readonly org_id: string;
  /** HMAC of the undashed code. */
  readonly lookup: string;
  /** AES-256-GCM of it. */
  encrypted: string;
  readonly created_at: number;
  readonly created_by: string | null;
  revoked_at: number | null;
}

export interface Nodes {
  readonly id: string;
  readonly thumbprint: string;
  readonly public_jwk: string;
  name: string;
  version: string;
  os: string;
  readonly created_at: number;
  last_seen_at: number | null;
  connected_until: number | null;
  boot_id: string | null;
  previous_boot_id: string | null;
  seq: number;
  possible_copy_at: number | null;
}

export interface Bindings {
  readonly id: string;
  readonly node_id: string;
  readonly org_id: string;
  readonly request_id: string;
  readonly created_at: number;
  readonly created_by: string;
  ended_at: number | null;
  ended_by: "administrator" | "operator" | null;
  ended_by_account: string | null;
}

/** Device requests of both clients (RFC 8628). */
export interface DeviceRequests {
  readonly id: string;
  /** SHA-256 of the device code. */
  readonly device_code_hash: string;
  /** HMAC of the undashed user code. */
  readonly user_code_lookup: string;
  readonly client_id: string;
  /** Thumbprint of the DPoP key; null for jitnode-cli until its first proof. */
  dpop_jkt: string | null;
  /** For jitnode-node: the public key, from which the node is made. */
  readonly public_jwk: string | null;
  readonly scope: string;
  readonly number: string;
  state: RequestState;
  wrong_numbers: number;
  readonly node_name: string;
  readonly node_version: string;
  readonly node_os: string;
  readonly expected_org: string | null;
  readonly org_hint: string | null;
  readonly address: string;
  readonly agent: string;
  readonly created_at: number;
  readonly expires_at: number;
  interval_ms: number;
  last_polled_at: number | null;
  decided_at: number | null;
  decided_by: string | null;
  binding_id: string | null;
  /** jitnode-cli: the session that its redemption opened. */
  session_id: string | null;
  redeemed_at: number | null;
}

/** A signed-in terminal: one family of refresh tokens (DESIGN section 4, retry window). */
export interface Sessions {
  readonly id: string;
  readonly account_id: string;
  readonly client_id: string;
  readonly dpop_jkt: string;
  readonly scope: string;
  /** The organization whose node the sign-in came from; its removal of the person ends the session. */
  readonly org_hint: string | null;
  readonly address: string;
  readonly agent: string;
  readonly created_at: number;
  last_used_at: number;
  readonly expires_at: number;
  /** The generation whose refresh token is current; SHA-256 of it, and when it was handed out. */
  generation: number;
  token_hash: string;
  rotated_at: number;
  previous_token_hash: string | null;
  revoked_at: number | null;
}

export interface BrowserSessions {
  /** SHA-256 of the cookie's value. */
  readonly id_hash: string;
  /** Public id, for the list and for revoking. */
  readonly id: string;
  /** Null before sign-in: such a session only carries the CSRF token. */
  readonly account_id: string | null;
  readonly csrf_secret: string;
  readonly address: string;
  readonly agent: string;
  readonly created_at: number;
  last_used_at: number;
  readonly expires_at: number;
  revoked_at: number | null;
}

/** jti values of proofs and assertions that must not come twice. */
export interface SeenProofs {
  readonly id: string;
  readonly expires_at: number;
}

export interface IdempotentRequests {
  /** SHA-256 of account, method, path and key. */
  readonly scope_hash: string;
  readonly body_hash: string;
  readonly created_at: number;
  readonly expires_at: number;
  /** Null while the request is being worked on. */
  status: number | null;
  answer_encrypted: string | null;
}

/** Fixed windows and pauses; `bucket` names limit, account and address (hashed where it is a secret). */
export interface RateLimits {
  readonly bucket: string;
  window_start: number;
  count: number;
  blocked_until: number | null;
  expires_at: number;
}

export interface Audit {
  /** Thirteen digits of the time, four that count within one millisecond, random: sorts by time. */
  readonly id: string;
  readonly at: number;
  readonly org_id: string | null;
  readonly action: string;
  readonly actor_kind: string;
  readonly actor_id: string;
  readonly subject: string;
  /** JSON object without secrets. */
  readonly detail: string;
  readonly address: string;
}

export interface SigningKeys {
  readonly kid: string;
  readonly algorithm: string;
  readonly public_jwk: string;
  private_encrypted: string;
  readonly created_at: number;
  /** No longer signs; stays in the JWKS until `remove_at`. */
  retired_at: number | null;
  remove_at: number | null;
}

export interface ControlDatabase {
  metadata: Metadata;
  accounts: Accounts;
  identities: Identities;
  account_links: AccountLinks;
  organizations: Organizations;
  memberships: Memberships;
  binding_codes: BindingCodes;
  nodes: Nodes;
  bindings: Bindings;
  device_requests: DeviceRequests;
  sessions: Sessions;
  browser_sessions: BrowserSessions;
  seen_proofs: SeenProofs;
  idempotent_requests: IdempotentRequests;
  rate_limits: RateLimits;
  audit: Audit;
  sign_in_attempts: SignInAttempts;
  signing_keys: SigningKeys;
}
