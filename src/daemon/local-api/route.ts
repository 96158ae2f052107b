// The form of a route of the local API: data for the server, and one call into a service.

import type { LineWriter } from "../../platform/local-server.js";
import type { TSchema } from "../../protocol/schema.js";
import type { Actor } from "../context.js";

export interface Call {
  readonly actor: Actor;
  /** Fits the route's `body`; undefined where that is. */
  readonly body: unknown;
}

export type Reply =
  | { readonly kind: "bytes"; readonly bytes: Buffer; readonly status?: number; readonly type?: string }
  | { readonly kind: "nothing" }
  /** Writes by itself until either side ends. */
  | { readonly kind: "lines"; start(lines: LineWriter): void };

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** The JSON that is taken; no body counts as `{}`. */
  readonly body?: TSchema;
  handle(call: Call): Reply | Promise<Reply>;
}

export const json = (value: unknown, status = 200): Reply => ({
  kind: "bytes",
  bytes: Buffer.from(`${JSON.stringify(value)}\n`),
  status,
});
