// The nodes' API: what a node and the control plane say to each other once the node is known by its key.

import {
  Type,
  bindingId,
  date,
  nodeId,
  open,
  organizationSummary,
  strict,
  text,
  claim,
  type Static,
} from "./schema.js";

export const controlPlaneId = text(64, 16);

const bound = open({
  state: Type.Literal("bound"),
  binding_id: bindingId,
  node_id: nodeId,
  organization: organizationSummary,
  control_plane_id: controlPlaneId,
  bound_at: date,
  /** The binding this one takes the place of, in a move between organizations. */
  replaces: Type.Optional(bindingId),
});

/** `binding_id`, `at` and `by` are absent when the node never was bound. */
const unboundState = open({
  state: Type.Literal("unbound"),
  node_id: nodeId,
  control_plane_id: controlPlaneId,
  binding_id: Type.Optional(bindingId),
  at: Type.Optional(date),
  by: Type.Optional(Type.Union([Type.Literal("administrator"), Type.Literal("operator")])),
});

/** GET /v1/node/binding. */
export const nodeBinding = Type.Union([bound, unboundState]);
export type NodeBinding = Static<typeof nodeBinding>;

export const unbindRequest = strict({ binding_id: bindingId });

/** The claims of a heartbeat, sent as `{"heartbeat": <compact JWS by the node key>}`. `seq` only grows per boot. */
export const heartbeatClaims = open({
  binding_id: bindingId,
  // Printable, and a number that every reader counts alike: PostgreSQL holds no NUL, and JavaScript no more than 2^53.
  boot_id: Type.String({ pattern: "^[\\x21-\\x7e]{8,64}$" }),
  seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  version: claim,
  at: date,
});
export type HeartbeatClaims = Static<typeof heartbeatClaims>;
export const heartbeatRequest = strict({ heartbeat: text(4096, 16) });
export const heartbeatAnswer = open({
  received_at: date,
  possible_copy: Type.Boolean(),
});
export type HeartbeatAnswer = Static<typeof heartbeatAnswer>;

/** A line of GET /v1/node/events (NDJSON): the full state first, then whatever changes; `ping` every 25 s. */
export const nodeEvent = Type.Union([
  open({ type: Type.Literal("binding"), binding: nodeBinding }),
  open({ type: Type.Literal("ping"), at: date }),
]);
export type NodeEvent = Static<typeof nodeEvent>;

export const nodeStreamTimes = { pingEvery: 25_000, deadAfter: 60_000 } as const;
