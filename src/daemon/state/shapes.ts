// What the daemon keeps on disk, by name. Shapes only grow. Times are milliseconds since 1970 by this machine's clock.

import {
  Type,
  bindingId,
  date,
  nodeId,
  number,
  open,
  organizationSummary,
  text,
  thumbprint,
  url,
  userCode,
  type Static,
} from "../../protocol/schema.js";

const time = Type.Number();

/** Made with the node's first start: a state without its key, or with another one, is not started on. */
const identity = open({ node_id: nodeId, key_thumbprint: thumbprint, created_at: time });

/** A device request under way (RFC 8628). `renewals` is there for requests that the daemon made by itself. */
const request = open({
  issuer: url,
  device_code: text(256),
  user_code: userCode,
  number: Type.Optional(number),
  verification_uri: url,
  verification_uri_complete: Type.Optional(url),
  requested_at: time,
  expires_at: time,
  interval: Type.Number(),
  renewals: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type PendingRequest = Static<typeof request>;

/** A request that the operator cancelled and that the control plane is still to be told of. */
const cancellation = open({ issuer: url, device_code: text(256), revoked: Type.Boolean(), cancelled_at: time });
export type Cancellation = Static<typeof cancellation>;

const held = open({
  binding_id: bindingId,
  organization: organizationSummary,
  server: url,
  control_plane_id: text(64),
  bound_at: date,
});
export type HeldBinding = Static<typeof held>;

/** A binding that the operator ended. It is never taken up again, whatever a control plane says later. */
const release = open({ binding_id: bindingId, server: url, confirmed: Type.Boolean(), released_at: time });
export type Release = Static<typeof release>;

const ended = open({ binding_id: bindingId, at: date, by: text(32) });

export const shapes = {
  identity,
  /** The control plane that message 1 named. */
  server: url,
  request,
  cancellations: Type.Array(cancellation),
  binding: held,
  releases: Type.Array(release),
  last_unbound: ended,
  /** Of the last heartbeat; stored before it is sent. */
  seq: Type.Integer({ minimum: 0 }),
} as const;

export type StateName = keyof typeof shapes;
type Values = { readonly [Name in StateName]: Static<(typeof shapes)[Name]> };

export type NodeState = Partial<Omit<Values, "cancellations" | "releases" | "seq">> &
  Pick<Values, "cancellations" | "releases" | "seq">;

/** Members that are undefined are removed. */
export type StatePatch = { readonly [Name in StateName]?: Values[Name] | undefined };

export const emptyState: NodeState = { cancellations: [], releases: [], seq: 0 };
