// The part of undici that is used here. Its main module also loads fetch, WebSocket and caches: 12 MB and 25 ms that a
// small daemon and a quick command line do not have. The deep paths are of the version that the lockfile pins.

import { createRequire } from "node:module";
import type { Agent as DirectAgent, Dispatcher, EnvHttpProxyAgent } from "undici";
import { JitnodeError } from "../protocol/errors.js";
import { readEnvironment } from "./environment.js";

export type { Dispatcher };
export type Agent = DirectAgent | EnvHttpProxyAgent;

const require = createRequire(import.meta.url);

type RequestOptions = Dispatcher.RequestOptions & { readonly origin: string };
interface Api {
  readonly request: (this: Dispatcher, options: RequestOptions) => Promise<Dispatcher.ResponseData>;
}

export interface ConnectOptions {
  /** Milliseconds. */
  readonly timeout: number;
  /** PEM certificates instead of those that Node.js trusts. */
  readonly ca?: string[];
}

/**
 * Connections, through the proxy that HTTPS_PROXY or HTTP_PROXY name; never to this machine itself or what NO_PROXY
 * names. Throws `setting_invalid`.
 */
export function createAgent(connect: ConnectOptions, environment = readEnvironment()): Agent {
  const options = { connect, bodyTimeout: 0, keepAliveTimeout: 4_000 };
  const [httpProxy, httpsProxy] = ["http_proxy", "https_proxy"].map((name) => proxyOf(environment, name));
  if (httpProxy === undefined && httpsProxy === undefined) {
    const Direct = require("undici/lib/dispatcher/agent.js") as new (options: DirectAgent.Options) => DirectAgent;
    return new Direct(options);
  }
  // Its proxies need what the main module sets up.
  const whole = require("undici") as typeof import("undici");
  return new whole.EnvHttpProxyAgent({
    ...options,
    // What undici takes from the environment where it is undefined; empty is "none".
    httpProxy: httpProxy ?? "",
    httpsProxy: httpsProxy ?? "",
    noProxy: ["localhost", "127.0.0.1", "::1", environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""].join(","),
    requestTls: connect,
  });
}

/** By its name in lower case first, as curl and others do it. */
function proxyOf(environment: ReturnType<typeof readEnvironment>, name: string): string | undefined {
  const variable = [name, name.toUpperCase()].find((each) => (environment[each] ?? "") !== "");
  const value = variable === undefined ? undefined : environment[variable];
  if (variable === undefined || value === undefined) return undefined;
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new JitnodeError("setting_invalid", {
    message: `${variable} is not the URL of a proxy.`,
    hint: "Write it as http://HOST:PORT, or take it out of the environment.",
  });
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
