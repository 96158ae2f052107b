// The local API (DESIGN section 5) as a table: which service answers what. No rules here.

import { activationRequest, type Status } from "../../protocol/local.js";
import { JitnodeError } from "../../protocol/errors.js";
import { asShape } from "../../protocol/parse.js";
import { version } from "../../protocol/versions.js";
import type { DaemonContext } from "../context.js";
import type { Activation } from "../services/activation.js";
import type { StatusBook } from "../services/status.js";
import type { Unbinding } from "../services/unbinding.js";
import { streamStatus } from "./events.js";
import { renderMetrics } from "./metrics.js";
import { json, type Reply, type Route } from "./route.js";

export interface RouteDeps {
  readonly activation: Activation;
  readonly unbinding: Unbinding;
  readonly status: StatusBook;
}

export function createRoutes(context: DaemonContext, { activation, unbinding, status }: RouteDeps): readonly Route[] {
  const { store, identity, config } = context;
  const statusReply = (): Reply => ({ kind: "bytes", bytes: status.bytes() });

  return [
    { method: "GET", path: "/v1/status", handle: statusReply },
    {
      method: "GET",
      path: "/v1/identity",
      handle: () =>
        json({
          id: identity.nodeId,
          name: config.name,
          key_thumbprint: identity.key.thumbprint,
          version,
          os: config.os,
          public_jwk: identity.key.publicJwk,
        }),
    },
    {
      method: "POST",
      path: "/v1/activation",
      body: activationRequest,
      handle: async ({ actor, body }) =>
        json(await activation.request(actor, asShape(activationRequest, body)?.server)),
    },
    {
      method: "GET",
      path: "/v1/activation",
      handle: () => json(status.current().activation ?? fail("no_activation")),
    },
    {
      method: "DELETE",
      path: "/v1/activation",
      handle: async ({ actor }) => {
        await activation.cancel(actor);
        return { kind: "nothing" };
      },
    },
    {
      method: "POST",
      path: "/v1/activation/check",
      handle: async ({ actor }) => {
        await activation.check(actor);
        return statusReply();
      },
    },
    { method: "GET", path: "/v1/binding", handle: () => json(store.current().binding ?? fail("not_bound")) },
    {
      method: "DELETE",
      path: "/v1/binding",
      handle: async ({ actor }) => json(await unbinding.release(actor)),
    },
    {
      method: "GET",
      path: "/v1/events",
      handle: () => ({ kind: "lines", start: (lines) => streamStatus(lines, status) }),
    },
    {
      method: "GET",
      path: "/v1/health/live",
      handle: () =>
        store.isWritable()
          ? json({ live: true, ...notJudged(status.current()) })
          : json(
              {
                live: false,
                detail: "The state directory cannot be written: see whether its disk is full or read-only.",
              },
              503,
            ),
    },
    {
      method: "GET",
      path: "/v1/health/ready",
      handle: () =>
        store.current().binding === undefined
          ? json({ ready: false, detail: "This node is not bound to an organization." }, 503)
          : json({ ready: true, ...notJudged(status.current()) }),
    },
    {
      method: "GET",
      path: "/v1/metrics",
      handle: () => ({
        kind: "bytes",
        bytes: Buffer.from(renderMetrics(context, status.current())),
        type: "text/plain; version=0.0.4; charset=utf-8",
      }),
    },
  ];
}

/** What a health check says and does not judge: whoever looks for a reason finds it. */
function notJudged({ state, connection }: Status): { readonly detail?: string } {
  if (state === "pending") return { detail: "This node is not activated yet; it waits for somebody to approve it." };
  if (state === "unbound") return { detail: "This node is not activated: run `jitnode activate`." };
  switch (connection) {
    case "unreachable":
      return { detail: "Bound; the control plane cannot be reached." };
    case "rejected":
      return { detail: "Bound; the control plane does not know this node." };
    case "foreign_control_plane":
      return { detail: "Bound; another control plane answers in its place." };
    case "none":
    case "connecting":
    case "connected":
      return {};
  }
}

function fail(code: "no_activation" | "not_bound"): never {
  throw new JitnodeError(code);
}
