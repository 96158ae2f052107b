// From settings to a context: key file, database, services. Everything but listening.

import { dirname } from "node:path";
import { systemErrorCode } from "../platform/atomic-file.js";
import { makePrivateFolder } from "../platform/folders.js";
import { isThere } from "../platform/files.js";
import { explainUnwritable } from "../platform/folder-rights.js";
import type { Clock } from "../platform/clock.js";
import type { Log } from "../platform/log.js";
import type { ProcessLock } from "../platform/process-lock.js";
import type { Random } from "../platform/random.js";
import { JitnodeError } from "../protocol/errors.js";
import type { ControlConfig } from "./config.js";
import type { ControlContext } from "./context.js";
import { assertKeyOfDatabase } from "./key-check.js";
import { loadKeyFile } from "./key-file.js";
import { createAuditLog } from "./services/audit-log.js";
import { createEvents } from "./services/events.js";
import { createLimits } from "./services/limits.js";
import { createMetrics } from "./services/metrics.js";
import { createPasswords } from "./services/passwords.js";
import { createSecrets } from "./services/secrets.js";
import { assertDatabase } from "./store/database-file.js";
import { assertMigrated, migrate, readControlPlaneId } from "./store/migrate.js";
import { lockOpening } from "./store/opening-lock.js";
import { lockServing } from "./store/serving-lock.js";
import { openPostgres } from "./store/postgres.js";
import { openSqlite } from "./store/sqlite.js";
import type { Store } from "./store/store.js";

export interface OpenDeps {
  readonly config: ControlConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends the waiting for another server that closes. */
  readonly signal?: AbortSignal;
}

export interface OpenControl {
  readonly context: ControlContext;
  /** Migrations that were applied. */
  readonly applied: readonly string[];
  close(): Promise<void>;
}

/**
 * A server brings the database to this version, and on SQLite is the only one; `migrate` does the first beside whatever
 * runs; a command refuses a database that is not at this version.
 */
export type Purpose = "serve" | "migrate" | "command";

export async function openControl(deps: OpenDeps, purpose: Purpose): Promise<OpenControl> {
  const { config, clock, random, log } = deps;
  const store = await openDatabase(deps, purpose);
  try {
    const applied = purpose === "command" ? await assertMigrated(store.store) : await migrate(store.store, random);
    const secrets = createSecrets(store.masterKey);
    await assertKeyOfDatabase(store.store, secrets.check);
    const controlPlaneId = await readControlPlaneId(store.store);
    const metrics = createMetrics();
    const audit = createAuditLog({ clock, random, log });
    const limits = createLimits({ store: store.store, clock, metrics, audit });
    const events = await createEvents({ store: store.store, log });
    return {
      context: {
        config,
        clock,
        random,
        log,
        store: store.store,
        secrets,
        passwords: createPasswords({ random }),
        limits,
        audit,
        events,
        metrics,
        controlPlaneId,
      },
      applied,
      async close() {
        await events.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw databaseError(error);
  }
}

interface OpenedDatabase {
  readonly store: Store;
  readonly masterKey: Buffer;
  close(): Promise<void>;
}

/** The key file first: were the database made first, a crash in between would leave one that has lost its key. */
async function openDatabase(deps: OpenDeps, purpose: Purpose): Promise<OpenedDatabase> {
  const { config, clock, random, log } = deps;
  const { database, keyFile } = config;
  if (database.kind === "postgres") {
    const masterKey = await loadKeyFile(keyFile, random);
    const store = openPostgres({
      url: database.url,
      onError: (error) => log.warn("database connection lost", { error }),
    });
    return { store, masterKey, close: () => store.close() };
  }
  if (purpose === "command") assertDatabase(database.file);
  let serving: ProcessLock | undefined;
  try {
    await makeDataFolder(dirname(database.file));
    if (purpose === "serve") serving = await lockServing(database.file, clock, deps.signal);
    const lock = await lockOpening(database.file, clock);
    try {
      // A database without its key file needs that very file; a new one would only hide what is missing. Under the lock:
      // a restore may have put one there meanwhile.
      const mayBeMade = keyFile.mayBeMade && !isThere(database.file);
      const masterKey = await loadKeyFile({ ...keyFile, mayBeMade }, random);
      const store = openSqlite({ file: database.file });
      return { store, masterKey, close: () => store.close().finally(() => serving?.release()) };
    } finally {
      lock.release();
    }
  } catch (error) {
    serving?.release();
    throw databaseError(error);
  }
}

/** Before the key file is looked for there: that one is then said to be the trouble. */
export async function makeDataFolder(path: string): Promise<void> {
  await makePrivateFolder(path).catch((cause: unknown) => {
    const why = explainUnwritable("data directory", path);
    throw why === undefined ? databaseError(cause) : new JitnodeError("state_not_writable", { ...why, cause });
  });
  const why = explainUnwritable("data directory", path);
  if (why !== undefined) throw new JitnodeError("state_not_writable", why);
}

function databaseError(error: unknown): unknown {
  if (error instanceof JitnodeError) {
    // The migration is the first to notice that nobody answers.
    const reason = error.code === "migration_failed" ? databaseError(error.cause) : undefined;
    return reason instanceof JitnodeError ? reason : error;
  }
  const code = systemErrorCode(error) ?? "";
  const text = error instanceof Error ? error.message : "";
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return new JitnodeError("setting_invalid", {
      message: `The database in the data directory is damaged, or is no SQLite database (${code}).`,
      hint: "Keep what is there, and restore control.db from a backup: `jitnode-control restore --help`.",
      cause: error,
    });
  }
  if (/^(EACCES|EPERM|EROFS|ENOSPC|ENOTDIR|SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_FULL)/.test(code)) {
    return new JitnodeError("setting_invalid", {
      message: `The data directory cannot be used (${code}).`,
      hint: "Check JITNODE_CONTROL_DATA_DIR: it must belong to the control plane's user, with room on the disk.",
      cause: error,
    });
  }
  if (/^(E[A-Z]+|28|3D|57P|53)/.test(code) || /connect|timeout/i.test(text)) {
    return new JitnodeError("unavailable", {
      message: `The database cannot be reached or refuses the connection (${code === "" ? "no answer" : code}).`,
      hint: "Check JITNODE_CONTROL_DATABASE_URL and that the database runs.",
      cause: error,
    });
  }
  return error;
}
