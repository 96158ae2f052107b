// The SQLite database as a file: copied whole while it is written to, looked into, and taken out of use. Other processes
// may have it open; nothing here waits for them.

import { dirname } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { systemErrorCode } from "../../platform/atomic-file.js";
import { assertReadable } from "../../platform/files.js";
import { explainUnwritable } from "../../platform/folder-rights.js";
import { JitnodeError } from "../../protocol/errors.js";
import { migrationNames } from "./migrate.js";
import { keyCheckName, serverPrefix } from "./metadata.js";

/** Pages per step of a copy: between two of them progress is told and a signal is heard. */
const pagesAtOnce = 1000;
const madeAtName = "backup_made_at";

export type Share = (done: number) => void;

/** Throws `database_missing`, and `state_not_writable` for what this user may not look at: a forgotten `sudo -u`. */
export function assertDatabase(file: string): void {
  try {
    assertReadable(file);
  } catch (cause) {
    const code = systemErrorCode(cause) ?? "unknown reason";
    if (code === "ENOENT") {
      throw new JitnodeError("database_missing", { message: `There is no database at ${file} yet.` });
    }
    throw new JitnodeError("state_not_writable", {
      message:
        explainUnwritable("data directory", dirname(file))?.message ?? `The database ${file} cannot be read (${code}).`,
      hint: "Run this as the user that the control plane runs as (`sudo -u`), or check JITNODE_CONTROL_DATA_DIR.",
      cause,
    });
  }
}

/**
 * All of `from` as it is at one moment, in the existing, empty file `to`, on disk. A read transaction is held meanwhile:
 * otherwise SQLite would begin anew each time that the server commits. Throws the system's error, or `interrupted`.
 */
export async function copyDatabase(from: string, to: string, onShare: Share, signal: AbortSignal): Promise<void> {
  const source = new BetterSqlite3(from, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    source.exec("begin");
    source.prepare("select count(*) from sqlite_schema").get();
    await source.backup(to, {
      progress({ totalPages, remainingPages }) {
        if (signal.aborted) throw new JitnodeError("interrupted");
        onShare(totalPages === 0 ? 1 : (totalPages - remainingPages) / totalPages);
        return pagesAtOnce;
      },
    });
    source.exec("commit");
  } finally {
    source.close();
  }
}

/** Makes a copy a backup: one file that needs no others, in which no server runs. */
export function finishBackup(file: string, madeAt: number): void {
  const database = new BetterSqlite3(file, { fileMustExist: true });
  try {
    database.pragma("journal_mode = DELETE");
    database.pragma("synchronous = FULL");
    database.transaction(() => {
      database.prepare("delete from metadata where key like ?").run(`${serverPrefix}%`);
      database.prepare("insert or replace into metadata (key, value) values (?, ?)").run(madeAtName, String(madeAt));
    })();
  } finally {
    database.close();
  }
}

export interface DatabaseContent {
  /** Migrations that were applied to it. */
  readonly schema: number;
  readonly keyCheck: string | undefined;
  readonly controlPlaneId: string | undefined;
  /** Milliseconds; only of backups. */
  readonly madeAt: number | undefined;
}

/** Reads all of it. Throws `backup_invalid` for what is no sound database of a control plane, and `schema_newer`. */
export function inspectDatabase(file: string): DatabaseContent {
  try {
    const database = new BetterSqlite3(file, { fileMustExist: true });
    try {
      database.pragma("trusted_schema = OFF");
      if (database.pragma("quick_check(1)", { simple: true }) !== "ok") throw new JitnodeError("backup_invalid");
      return readContent(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw asInvalid(error);
  }
}

/** What SQLite says of a file that is no database, or a damaged or a foreign one. */
export function asInvalid(error: unknown): unknown {
  const code = systemErrorCode(error) ?? "";
  return /^SQLITE_(NOTADB|CORRUPT|ERROR|SCHEMA|FORMAT)/.test(code)
    ? new JitnodeError("backup_invalid", { cause: error })
    : error;
}

function readContent(database: BetterSqlite3.Database): DatabaseContent {
  const applied = database.prepare<[], { readonly name: string }>("select name from kysely_migration").all();
  if (applied.length === 0) throw new JitnodeError("backup_invalid");
  if (applied.some(({ name }) => !migrationNames.includes(name))) throw new JitnodeError("schema_newer");
  const value = database.prepare<[string], { readonly value: string }>("select value from metadata where key = ?");
  const madeAt = value.get(madeAtName)?.value;
  return {
    schema: applied.length,
    keyCheck: value.get(keyCheckName)?.value,
    controlPlaneId: value.get("control_plane_id")?.value,
    madeAt: madeAt === undefined ? undefined : Number(madeAt),
  };
}

export type InUse = "in_use" | "free" | "damaged";

/**
 * Whether any process has the database open, and if none has, leaves it as one file. SQLite leaves WAL mode only for
 * whoever is alone, and its locks end with the process that held them, so a server that was killed is no obstacle.
 */
export function takeOutOfUse(file: string): InUse {
  try {
    const database = new BetterSqlite3(file, { fileMustExist: true, timeout: 0 });
    try {
      const mode = database.pragma("journal_mode = DELETE", { simple: true });
      return mode === "delete" ? "free" : "in_use";
    } finally {
      database.close();
    }
  } catch (error) {
    const code = systemErrorCode(error) ?? "";
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return "in_use";
    if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) return "damaged";
    throw error;
  }
}
