// Starts the daemon, in the one order that is right: the lock on the state directory, the key, the socket, and only then
// the loops that talk to the world.

import { dirname, join } from "node:path";
import type { Clock } from "../platform/clock.js";
import { createHttpClient } from "../platform/http-client.js";
import type { Log } from "../platform/log.js";
import { lostWithContainer, type Surroundings } from "../platform/mounts.js";
import { explainUnwritable } from "../platform/folder-rights.js";
import { claimFolder } from "../platform/private-files.js";
import type { Random } from "../platform/random.js";
import { JitnodeError } from "../protocol/errors.js";
import type { DaemonConfig } from "./config.js";
import type { DaemonContext } from "./context.js";
import { loadIdentity } from "./identity.js";
import { createRoutes } from "./local-api/routes.js";
import { createLocalApi } from "./local-api/server.js";
import { createActivation } from "./services/activation.js";
import { createBoard } from "./services/board.js";
import { conduct } from "./services/conductor.js";
import { createConnection } from "./services/connection.js";
import { createLinks } from "./services/links.js";
import { createNotices } from "./services/notices.js";
import { createPacer } from "./services/pacer.js";
import { createRecovery } from "./services/recovery.js";
import { createSettlement } from "./services/settlement.js";
import { createStatusBook } from "./services/status.js";
import { createUnbinding } from "./services/unbinding.js";
import { createNodeStore } from "./state/node-store.js";
import { openStateFile } from "./state/state-file.js";

export interface DaemonDeps {
  readonly config: DaemonConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Notices for people. */
  readonly print: (text: string) => void;
  /** Where they are not the machine's own. */
  readonly surroundings?: Surroundings;
}

export interface Daemon {
  close(): Promise<void>;
}

export async function startDaemon(deps: DaemonDeps): Promise<Daemon> {
  const { config, clock, random, log } = deps;
  const stop = new AbortController();

  await makeStateFolder(config.stateDir);
  const file = openStateFile(join(config.stateDir, "node.db"));
  try {
    const store = createNodeStore(file, clock);
    const identity = await loadIdentity(config.stateDir, store, clock);
    const lost = lostWithContainer(config.stateDir, deps.surroundings);
    const board = createBoard(clock);
    const pacer = createPacer(clock);
    const http = createHttpClient({ caFile: config.serverCaFile });
    const links = createLinks({ config, identity, http, clock, random });
    const context: DaemonContext = { config, clock, random, log, identity, store, board, links, pacer };

    const notices = createNotices({ write: deps.print, node: { name: config.name, id: identity.nodeId } });
    const recovery = createRecovery(context);
    const settlement = createSettlement(context, stop.signal);
    const activation = createActivation(context, { recovery, settlement, notices });
    const onEnded = (): void => {
      activation.standDown();
      pacer.interrupt();
    };
    const connection = createConnection(context, { onEnded });
    const unbinding = createUnbinding(context, { settlement, onEnded });
    const status = createStatusBook(context, { stateOnContainerLayer: lost !== undefined });

    const server = createLocalApi(createRoutes(context, { activation, unbinding, status }), log);
    const outcome = await server.listen({ path: config.socket, group: "jitnode" });
    if (outcome.kind !== "listening") throw refusedSocket(config.socket, outcome);

    log.info("started", {
      node: identity.nodeId,
      first_start: identity.isNew,
      state: status.current().state,
      state_dir: config.stateDir,
      socket: config.socket,
      server: status.current().server,
    });
    if (status.current().server === null) {
      log.warn("no control plane is known: set JITNODE_SERVER, or run `jitnode activate --server URL`");
    }
    if (lost !== undefined) {
      log.warn("state directory on a container's writable layer", { state_dir: config.stateDir, on: lost });
      notices.stateOnContainerLayer(config.stateDir, lost);
    }

    const loops = Promise.all([conduct(context, { activation, connection }, stop.signal), settlement.run(stop.signal)]);
    return {
      async close() {
        stop.abort();
        pacer.stop();
        server.close();
        await links.close();
        await loops;
        file.close();
      },
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function makeStateFolder(path: string): Promise<void> {
  try {
    await claimFolder(path);
  } catch (cause) {
    const why = explainUnwritable("state directory", path);
    throw new JitnodeError("state_not_writable", {
      message: `The state directory ${path} cannot be made.`,
      ...why,
      cause,
    });
  }
  const why = explainUnwritable("state directory", path);
  if (why !== undefined) throw new JitnodeError("state_not_writable", why);
}

function refusedSocket(
  path: string,
  outcome: { readonly kind: "too_long" | "in_use" } | { readonly kind: "refused"; readonly detail: string },
): JitnodeError {
  switch (outcome.kind) {
    case "too_long":
      return new JitnodeError("socket_path_too_long", {
        message: `The socket's path ${path} is longer than 107 bytes.`,
      });
    case "in_use":
      return new JitnodeError("already_running", {
        message: `Another program answers on ${path}.`,
        hint: "Stop it first, or set another JITNODE_SOCKET.",
      });
    case "refused":
      return new JitnodeError("state_not_writable", {
        message:
          explainUnwritable("socket's folder", dirname(path))?.message ??
          `The socket ${path} cannot be made (${outcome.detail}).`,
        // Not whom to give the folder to: it may be one that everybody shares.
        hint: "Check its folder, or set another JITNODE_SOCKET.",
        log: { detail: outcome.detail },
      });
  }
}
