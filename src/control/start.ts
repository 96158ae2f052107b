// Starts the control plane: settings → key file and database → context → routes → listen. One function to read, and
// its opposite, `close`.

import { systemErrorCode } from "../platform/atomic-file.js";
import { JitnodeError } from "../protocol/errors.js";
import type { ListenAddress } from "../config/read.js";
import type { ControlContext } from "./context.js";
import { createMetricsApp } from "./http/metrics-server.js";
import { allRoutes } from "./http/routes.js";
import { createControlApp, type ControlApp } from "./http/server.js";
import { announce, withdraw } from "./key-check.js";
import { openControl, type OpenDeps } from "./open.js";
import { rememberPublicUrl } from "./public-url.js";
import { startMaintenance } from "./services/maintenance.js";
import { followTlsFiles, isSecureServer, readTlsFiles } from "./tls.js";

/** A request under way may take so long after the signal; SIGTERM must be done in five seconds. */
const patience = 3_500;

type App = ControlApp["app"];

export interface RunningControl {
  readonly context: ControlContext;
  readonly port: number;
  readonly metricsPort: number;
  /** Stops accepting, ends streams, lets requests finish, closes the database. */
  close(): Promise<void>;
}

export interface StartDeps extends OpenDeps {
  /** The server cannot go on by itself: its key is no longer the database's. */
  readonly onFatal: (error: unknown) => void;
}

export async function startControl(deps: StartDeps): Promise<RunningControl> {
  const { config, log, random } = deps;
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      await step().catch((error: unknown) => log.warn("closing failed", { error }));
    }
  };
  try {
    const tls = readTlsFiles(config);
    const opened = await openControl(deps, "serve");
    undo.push(() => opened.close());
    const { context } = opened;
    if (opened.applied.length > 0) log.info("database migrated", { applied: opened.applied });

    const serverId = random.uuid();
    await announce(context, serverId);
    undo.push(() => withdraw(context, serverId));
    await rememberPublicUrl(context);
    const maintenance = startMaintenance(context, serverId, deps.onFatal);
    undo.push(() => maintenance.close());

    const metricsApp = createMetricsApp(context);
    undo.push(() => metricsApp.close());
    const { app } = createControlApp(context, allRoutes, tls);
    undo.push(() => closeApp(app, context));
    if (tls !== undefined && isSecureServer(app.server)) {
      const followed = followTlsFiles(deps, tls, app.server);
      undo.push(() => followed.close());
    }
    const port = await listen(app, config.listen, "JITNODE_CONTROL_LISTEN");
    const metricsPort = await listen(metricsApp, config.metricsListen, "JITNODE_CONTROL_METRICS_LISTEN");
    log.info("control plane listens", {
      listen: `${config.listen.host}:${String(port)}`,
      metrics: `${config.metricsListen.host}:${String(metricsPort)}`,
      public_url: config.publicUrl,
      database: config.database.kind,
      control_plane_id: context.controlPlaneId,
    });
    return { context, port, metricsPort, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeApp(app: App, { clock }: ControlContext): Promise<void> {
  const done = new AbortController();
  const closed = app.close().finally(() => done.abort());
  await Promise.race([closed, clock.sleep(patience, done.signal)]);
  app.server.closeAllConnections();
  await closed;
}

async function listen(app: App, address: ListenAddress, variable: string): Promise<number> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (cause) {
    await app.close();
    const where = `${address.host}:${String(address.port)}`;
    switch (systemErrorCode(cause)) {
      case "EADDRINUSE":
        throw new JitnodeError("address_in_use", {
          message: `The listen address ${where} is in use.`,
          hint: `Stop the other program, or set another ${variable}.`,
          cause,
        });
      case "EACCES":
      case "EADDRNOTAVAIL":
      case "ENOTFOUND":
      case "EAI_AGAIN":
        throw new JitnodeError("setting_invalid", {
          message: `${variable} is not valid: this machine cannot listen on ${where}.`,
          hint: `Set ${variable} to an address of this machine and a port that its user may use.`,
          cause,
        });
      default:
        throw cause;
    }
  }
  const bound = app.server.address();
  return typeof bound === "object" && bound !== null ? bound.port : address.port;
}
