// The part of undici that is used here. Its main module also loads fetch, WebSocket and caches: 12 MB and 25 ms that a
// small daemon and a quick command line do not have. The deep paths are of the version that the lockfile pins.

import { createRequire } from "node:module";
import type { Agent, Dispatcher, EnvHttpProxyAgent } from "undici";
import { readEnvironment } from "./environment.js";
import { isLoopbackHost } from "./loopback.js";

export type { Dispatcher };

const require = createRequire(import.meta.url);

type RequestOptions = Dispatcher.RequestOptions & { readonly origin: string };
interface Api {
  readonly request: (this: Dispatcher, options: RequestOptions) => Promise<Dispatcher.ResponseData>;
}

export interface ConnectionOptions {
  /** Milliseconds for opening one. */
  readonly timeout: number;
  /** PEM certificates instead of those that Node.js trusts. */
  readonly ca?: string[];
  /** Never through a proxy. */
  readonly direct: boolean;
}

export interface Connections {
  /** Through the proxy that HTTPS_PROXY or HTTP_PROXY names; never to this machine itself or to what NO_PROXY names. */
  to(url: string): Dispatcher;
  /** Whether one is set at all; undici alone knows NO_PROXY. */
  mayUseProxy(url: string): boolean;
  destroy(): Promise<void>;
}

export function createConnections({ direct, ...connect }: ConnectionOptions): Connections {
  // A connection of HTTP/2 outlives the requests that time out on it, dead as it is.
  const options = { connect, allowH2: false, bodyTimeout: 0, keepAliveTimeout: 4_000 };
  const Direct = require("undici/lib/dispatcher/agent.js") as new (options: Agent.Options) => Agent;
  const straight = new Direct(options);
  const isProxySet = read("http_proxy") !== "" || read("https_proxy") !== "";
  let byProxy: EnvHttpProxyAgent | undefined;

  const throughProxy = (): Dispatcher => {
    if (byProxy !== undefined) return byProxy;
    const proxies = { httpProxy: proxyOf("http_proxy"), httpsProxy: proxyOf("https_proxy") };
    // Undici's proxies need what its main module sets up.
    const whole = require("undici") as typeof import("undici");
    byProxy = new whole.EnvHttpProxyAgent({
      ...options,
      ...proxies,
      noProxy: read("no_proxy"),
      requestTls: { ...connect, allowH2: false },
    });
    return byProxy;
  };

  const mayUseProxy = (url: string): boolean => isProxySet && !direct && !isLoopbackHost(new URL(url).hostname);

  return {
    mayUseProxy,
    to: (url) => (mayUseProxy(url) ? throughProxy() : straight),
    async destroy() {
      await Promise.all([straight.destroy(), byProxy?.destroy()]);
    },
  };
}

/** By its name in lower case first, as curl and others do it; empty is not set. */
function read(name: string): string {
  const environment = readEnvironment();
  return [name, name.toUpperCase()].map((each) => environment[each] ?? "").find((value) => value !== "") ?? "";
}

/** `HOST:PORT` is a URL without its scheme, as for curl. Empty where none is set. */
function proxyOf(name: string): string {
  const value = read(name);
  if (value === "") return "";
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new Error(`${name.toUpperCase()} is not the URL of an HTTP proxy`);
}

/** As undici's own `request`, for an absolute URL. */
export function request(
  dispatcher: Dispatcher,
  url: string,
  options: Omit<RequestOptions, "origin" | "path">,
): Promise<Dispatcher.ResponseData> {
  const api = require("undici/lib/api/index.js") as Api;
  const { origin, pathname, search } = new URL(url);
  return api.request.call(dispatcher, { ...options, origin, path: `${pathname}${search}` });
}
