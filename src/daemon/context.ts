// What every part of the daemon is made with. start.ts makes one; tests may make several in one process.

import type { Clock } from "../platform/clock.js";
import type { Log } from "../platform/log.js";
import type { Random } from "../platform/random.js";
import type { DaemonConfig } from "./config.js";
import type { Identity } from "./identity.js";
import type { Board } from "./services/board.js";
import type { Links } from "./services/links.js";
import type { Pacer } from "./services/pacer.js";
import type { NodeStore } from "./state/node-store.js";

export interface DaemonContext {
  readonly config: DaemonConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identity: Identity;
  readonly store: NodeStore;
  readonly board: Board;
  readonly links: Links;
  readonly pacer: Pacer;
}

/** Who calls the local API: whoever may open the socket is an operator of this node (DESIGN section 2). */
export interface Actor {
  readonly kind: "operator";
  readonly via: "socket";
}
