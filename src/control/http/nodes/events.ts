// GET /v1/node/events: the stream that lets an unbind reach the node at once (DESIGN section 5).

import { nodeEvent } from "../../../protocol/nodes.js";
import type { ControlContext, NodeActor, Routes } from "../../context.js";
import { nodeEvents } from "../../services/node-stream.js";
import { lines, route } from "../route.js";
import { createStreamKeeper, streamOf } from "../stream.js";

/** One is in use; another may be dead without anybody having noticed, and a copied key is for heartbeats to find. */
const streamsOfOneNode = 3;

export const events: Routes = (app, context, authentication) => {
  // The newest stay: a node whose connection broke must get a new stream at once.
  const streams = createStreamKeeper(streamsOfOneNode, (oldest) => oldest.destroy());

  route(app, authentication, {
    method: "GET",
    url: "/v1/node/events",
    summary: "This node's binding, again whenever it changes, and a ping every 25 seconds",
    caller: "node",
    answers: { 200: lines(nodeEvent) },
    handler: async ({ actor }) => ({
      status: 200,
      body: streams.keep(
        actor.nodeId,
        // A reader that is slow costs a few pings of memory: the token's expiry ends the stream.
        streamOf((signal) => eventLines(context, actor, signal), { log: context.log, fields: { node: actor.nodeId } }),
      ),
      // A proxy that gathers the answer first would make it useless.
      headers: { "cache-control": "no-store", "x-accel-buffering": "no" },
    }),
  });
};

async function* eventLines(context: ControlContext, actor: NodeActor, signal: AbortSignal): AsyncGenerator<string> {
  for await (const event of nodeEvents(context, actor, { signal })) yield `${JSON.stringify(event)}\n`;
}
