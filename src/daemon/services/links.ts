// The connections to control planes: one for each issuer that this node has to do with, made when it is needed.

import { createControlTransport, type ControlTransport } from "../../client/control-transport.js";
import { createNodeApi, type NodeApi } from "../../client/node-api.js";
import type { Clock } from "../../platform/clock.js";
import type { HttpClient } from "../../platform/http-client.js";
import type { Random } from "../../platform/random.js";
import type { DaemonConfig } from "../config.js";
import type { Identity } from "../identity.js";

export interface Link {
  readonly transport: ControlTransport;
  readonly node: NodeApi;
}

export interface Links {
  /** Throws `server_invalid`. */
  to(server: string): Link;
  close(): Promise<void>;
}

export interface LinksDeps {
  readonly config: DaemonConfig;
  readonly identity: Identity;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly random: Random;
}

export function createLinks({ config, identity, http, clock, random }: LinksDeps): Links {
  const links = new Map<string, Link>();
  return {
    to(server) {
      const known = links.get(server);
      if (known !== undefined) return known;
      const { key, nodeId } = identity;
      const { allowHttp } = config;
      const transport = createControlTransport({ server, http, key, clock, random, allowHttp, agent: "jitnoded" });
      const link = { transport, node: createNodeApi({ transport, key, nodeId, clock, random }) };
      links.set(server, link);
      return link;
    },
    close: () => http.close(),
  };
}
