// The daemon's local API on its Unix socket (DESIGN section 5). Shapes only grow.

import {
  Type,
  bindingId,
  claim,
  date,
  name,
  nodeId,
  nullable,
  number,
  oneOf,
  open,
  organizationSummary,
  strict,
  text,
  thumbprint,
  url,
  userCode,
  type Static,
} from "./schema.js";

/** The value of the Host header on the socket; anything else is refused (DNS rebinding). */
export const localHost = "jitnoded";

export const connectionStates = [
  "none",
  "connecting",
  "connected",
  "unreachable",
  "rejected",
  "foreign_control_plane",
] as const;
export type ConnectionState = (typeof connectionStates)[number];

export const warningCodes = [
  "clock_skew",
  "state_on_container_layer",
  "server_conflict",
  "release_pending",
  "binding_conflict",
  "possible_copy",
  "state_not_writable",
  "insecure_http",
] as const;
export type WarningCode = (typeof warningCodes)[number];

export const nodeIdentity = open({ id: nodeId, name, key_thumbprint: thumbprint });
export const identityAnswer = open({
  ...nodeIdentity.properties,
  version: claim,
  os: claim,
  public_jwk: Type.Unknown(),
});

export const activationState = Type.Union([
  Type.Literal("pending"),
  Type.Literal("approved"),
  Type.Literal("denied"),
  Type.Literal("expired"),
  Type.Literal("cancelled"),
]);

/** Messages 1 of DESIGN section 3. */
export const activationRequest = strict({ server: Type.Optional(url) });
export const activationAnswer = open({
  state: activationState,
  issuer: url,
  user_code: userCode,
  number: Type.Optional(number),
  verification_uri: url,
  verification_uri_complete: Type.Optional(url),
  requested_at: date,
  expires_at: date,
  node: nodeIdentity,
});
export type ActivationAnswer = Static<typeof activationAnswer>;

export const binding = open({
  binding_id: bindingId,
  organization: organizationSummary,
  server: url,
  control_plane_id: text(64),
  bound_at: date,
});
export type LocalBinding = Static<typeof binding>;

export const status = open({
  version: claim,
  state: Type.Union([Type.Literal("unbound"), Type.Literal("pending"), Type.Literal("bound")]),
  connection: oneOf(connectionStates),
  /** Since when `connection` is what it is. */
  connection_since: date,
  /** Why it is not connected, as far as that is known: an error's code and message. */
  connection_problem: Type.Optional(nullable(open({ code: text(64), message: text(1000) }))),
  node: nodeIdentity,
  server: nullable(url),
  binding: nullable(binding),
  activation: nullable(activationAnswer),
  /** How the last binding ended, while there is no other. */
  last_unbound: nullable(open({ binding_id: bindingId, at: date, by: text(32) })),
  release_pending: Type.Boolean(),
  last_heartbeat_at: nullable(date),
  clock_offset_seconds: nullable(Type.Number()),
  warnings: Type.Array(open({ code: text(64), message: text(1000) }), { maxItems: 50 }),
  started_at: date,
});
export type Status = Static<typeof status>;

/** DELETE /v1/binding: `confirmed` is false while the control plane is still to be told. */
export const releaseAnswer = open({ binding_id: bindingId, confirmed: Type.Boolean() });

/** A line of GET /v1/events: the full status, again at every change. */
export const localEvent = open({ type: Type.Literal("status"), status });

export const liveAnswer = open({ live: Type.Boolean(), detail: Type.Optional(text(500)) });
export const readyAnswer = open({ ready: Type.Boolean(), detail: Type.Optional(text(500)) });
