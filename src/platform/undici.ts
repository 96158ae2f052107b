// The part of undici that is used here. Its main module also loads fetch, WebSocket and caches: 12 MB and 25 ms that a
// small daemon and a quick command line do not have. The deep paths are of the version that the lockfile pins.

import { createRequire } from "node:module";
import type { Agent, Dispatcher } from "undici";

export type { Dispatcher };

const require = createRequire(import.meta.url);

type RequestOptions = Dispatcher.RequestOptions & { readonly origin: string };
interface Api {
  readonly request: (this: Dispatcher, options: RequestOptions) => Promise<Dispatcher.ResponseData>;
}

export function createAgent(options: Agent.Options): Agent {
  const Constructor = require("undici/lib/dispatcher/agent.js") as new (options: Agent.Options) => Agent;
  return new Constructor(options);
}

/** As undici's own `request`, for an absolute URL. */
export function request(
  agent: Agent,
  url: string,
  options: Omit<RequestOptions, "origin" | "path">,
): Promise<Dispatcher.ResponseData> {
  const api = require("undici/lib/api/index.js") as Api;
  const { origin, pathname, search } = new URL(url);
  return api.request.call(agent, { ...options, origin, path: `${pathname}${search}` });
}
