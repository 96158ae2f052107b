// POST /v1/node/heartbeat

import { heartbeatAnswer, heartbeatRequest } from "../../../protocol/nodes.js";
import type { Routes } from "../../context.js";
import { createHeartbeats } from "../../services/heartbeats.js";
import { route } from "../route.js";

export const heartbeat: Routes = (app, context, authentication) => {
  const heartbeats = createHeartbeats(context);
  route(app, authentication, {
    method: "POST",
    url: "/v1/node/heartbeat",
    summary: "Say that this node is alive: a compact JWS by its key",
    caller: "node",
    body: heartbeatRequest,
    answers: { 200: heartbeatAnswer },
    problems: ["not_bound"],
    handler: async ({ actor, body }) => ({ status: 200, body: await heartbeats.receive(actor, body.heartbeat) }),
  });
};
