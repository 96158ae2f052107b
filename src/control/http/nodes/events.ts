// GET /v1/node/events: the stream that lets an unbind reach the node at once (DESIGN section 5).

import { Readable } from "node:stream";
import type { NodeId } from "../../../domain/ids.js";
import { nodeEvent } from "../../../protocol/nodes.js";
import type { ControlContext, NodeActor, Routes } from "../../context.js";
import { nodeEvents } from "../../services/node-stream.js";
import { lines, route } from "../route.js";

/** One is in use; another may be dead without anybody having noticed, and a copied key is for heartbeats to find. */
const streamsOfOneNode = 3;

export const events: Routes = (app, context, authentication) => {
  const streams = new Map<NodeId, Readable[]>();

  /** The newest stay: a node whose connection broke must get a new stream at once. */
  const keep = ({ nodeId }: NodeActor, stream: Readable): Readable => {
    const open = streams.get(nodeId) ?? [];
    streams.set(nodeId, open);
    open.push(stream);
    stream.once("close", () => {
      open.splice(open.indexOf(stream), 1);
      if (open.length === 0 && streams.get(nodeId) === open) streams.delete(nodeId);
    });
    if (open.length > streamsOfOneNode) open[0]?.destroy();
    return stream;
  };

  route(app, authentication, {
    method: "GET",
    url: "/v1/node/events",
    summary: "This node's binding, again whenever it changes, and a ping every 25 seconds",
    caller: "node",
    answers: { 200: lines(nodeEvent) },
    handler: async ({ actor }) => ({
      status: 200,
      body: keep(actor, streamTo(context, actor)),
      // A proxy that gathers the answer first would make it useless.
      headers: { "cache-control": "no-store", "x-accel-buffering": "no" },
    }),
  });
};

/** Destroyed when the client goes away or the server stops; either ends the generator behind it. */
function streamTo(context: ControlContext, actor: NodeActor): Readable {
  const ended = new AbortController();
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    try {
      // A reader that is slow costs a few pings of memory: the token's expiry ends the stream.
      for await (const event of nodeEvents(context, actor, { signal: ended.signal })) {
        stream.push(`${JSON.stringify(event)}\n`);
      }
      stream.push(null);
    } catch (error) {
      context.log.warn("node stream broke", { node: actor.nodeId, error });
      stream.destroy();
    }
  };
  const stream = new Readable({
    read: () => {
      running ??= run();
    },
    // After the generator: it marks the node as disconnected, for which the database must still be open.
    destroy: (error, done) => {
      ended.abort();
      void Promise.resolve(running).then(() => done(error));
    },
  });
  // The server ends streams when it stops; an event that comes in that moment has nowhere to go.
  stream.on("error", () => undefined);
  return stream;
}
