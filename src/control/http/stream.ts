// A long answer that is made while it is read: ends when its source ends, when the client goes away, or when the server
// stops, whichever comes first; the source always gets to its own end.

import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { Log } from "../../platform/log.js";

/** `source` is started by the first read; its signal says that nobody reads any more. */
export function streamOf(
  source: (signal: AbortSignal) => AsyncIterable<string>,
  deps: { readonly log: Log; readonly fields: Readonly<Record<string, unknown>> },
): Readable {
  const ended = new AbortController();
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    try {
      for await (const part of source(ended.signal)) stream.push(part);
      stream.push(null);
    } catch (error) {
      deps.log.warn("stream broke", { ...deps.fields, error });
      stream.destroy();
    }
  };
  const stream = new Readable({
    read: () => {
      running ??= run();
    },
    // After the source: what it writes at its end still needs the database.
    destroy: (error, done) => {
      ended.abort();
      void Promise.resolve(running).then(() => done(error));
    },
  });
  // The server ends streams when it stops; a part that comes in that moment has nowhere to go.
  stream.on("error", () => undefined);
  return stream;
}

/** The newest streams of one reader; older ones are handed to `displace`. */
export function createStreamKeeper(most: number, displace: (stream: Readable) => void) {
  const streams = new Map<string, Readable[]>();
  return {
    keep(reader: string, stream: Readable): Readable {
      const open = streams.get(reader) ?? [];
      streams.set(reader, open);
      open.push(stream);
      stream.once("close", () => {
        open.splice(open.indexOf(stream), 1);
        if (open.length === 0 && streams.get(reader) === open) streams.delete(reader);
      });
      const [oldest] = open;
      if (open.length > most && oldest !== undefined) displace(oldest);
      return stream;
    },
  };
}

/** The server ends it when it stops. */
export function sendStream(reply: FastifyReply, type: string, stream: Readable): FastifyReply {
  reply.server.openStreams.add(stream);
  stream.once("close", () => reply.server.openStreams.delete(stream));
  return reply.type(type).send(stream);
}

declare module "fastify" {
  interface FastifyInstance {
    /** Answers under way: ended first when the server shuts down. */
    readonly openStreams: Set<Readable>;
  }
}
