// Backups of the SQLite database: made while the server works, and put back while none does.
//
// - A backup is one file for its owner alone, complete or not there. The key file is never in it.
// - A restore changes nothing before it has seen that this version can read the backup, that the key file fits it, and
//   that no process has the database open. The database that was there stays beside it, under another name.

import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { beginFile, dropFile, keepFile, moveIfThere, swapFile, systemErrorCode } from "../../platform/atomic-file.js";
import { toDate, type Clock } from "../../platform/clock.js";
import { isRegularFile, isThere } from "../../platform/files.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlConfig } from "../config.js";
import { makeDataFolder } from "../open.js";
import { readKeyFile } from "../key-file.js";
import {
  assertDatabase,
  copyDatabase,
  finishBackup,
  inspectDatabase,
  asInvalid,
  takeOutOfUse,
  type DatabaseContent,
  type Share,
} from "../store/database-file.js";
import { lockOpening } from "../store/opening-lock.js";
import { createSecrets } from "./secrets.js";

export interface FileWork {
  readonly config: Pick<ControlConfig, "database" | "keyFile">;
  readonly clock: Clock;
  readonly onShare: Share;
  readonly signal: AbortSignal;
}

/** Throws `backup_by_database`, `database_missing`, `state_not_writable`, `backup_exists`, `backup_not_written`. */
export async function makeBackup(file: string, work: FileWork): Promise<DatabaseContent> {
  const database = fileOf(work);
  assertDatabase(database);
  if (isThere(file)) throw alreadyThere(file);
  const temporary = await beginFile(file).catch(notWritten(file));
  try {
    await copyDatabase(database, temporary, work.onShare, work.signal).catch(notWritten(file));
    finishBackup(temporary, work.clock.now());
    const content = inspectDatabase(temporary);
    if (!(await keepFile(temporary, file).catch(notWritten(file)))) throw alreadyThere(file);
    return content;
  } finally {
    await dropFile(temporary);
  }
}

export interface Restored {
  readonly content: DatabaseContent;
  /** Where the database is that was there before, if one was. */
  readonly aside: string | undefined;
  /** Of that one, if it could be read. */
  readonly previousId: string | undefined;
  /** False where there is no key file yet: it must be put in place before the start. */
  readonly keyIsThere: boolean;
}

/** Throws `backup_by_database`, `backup_invalid`, `schema_newer`, `key_mismatch`, `control_plane_running`. */
export async function restoreBackup(file: string, work: FileWork): Promise<Restored> {
  const database = fileOf(work);
  if (!isRegularFile(file)) throw new JitnodeError("backup_invalid", { message: `There is no file ${file}.` });
  await makeDataFolder(dirname(database));
  const temporary = await beginFile(database).catch(unusableFolder);
  try {
    await copyDatabase(file, temporary, work.onShare, work.signal).catch(notRead(file));
    const content = inspectDatabase(temporary);
    const keyIsThere = await assertKeyFits(work, content);
    const lock = await lockOpening(database, work.clock);
    try {
      const { aside, previousId } = await putInPlace(temporary, database, work.clock);
      return { content, aside, previousId, keyIsThere };
    } finally {
      lock.release();
    }
  } catch (error) {
    throw asInvalid(error);
  } finally {
    await dropFile(temporary);
  }
}

/** Under the lock: no server can open the database now. */
async function putInPlace(
  temporary: string,
  database: string,
  clock: Clock,
): Promise<Pick<Restored, "aside" | "previousId">> {
  if (!isThere(database)) {
    // Left of a database that somebody took away: SQLite would take them for parts of the new one.
    for (const part of parts) await moveIfThere(database + part, `${asideName(database, clock)}${part}`);
    if (await keepFile(temporary, database)) return { aside: undefined, previousId: undefined };
  }
  const state = takeOutOfUse(database);
  if (state === "in_use") throw running();
  const aside = asideName(database, clock);
  const previousId = state === "damaged" ? undefined : readId(database);
  for (const part of parts) await moveIfThere(database + part, aside + part);
  await swapFile(temporary, database, aside);
  return { aside, previousId };
}

/** SQLite's other files of a database in WAL mode. */
const parts = ["-wal", "-shm"] as const;

/** Never one that is there. */
const asideName = (database: string, clock: Clock): string =>
  join(
    dirname(database),
    `control.db.before-restore-${toDate(clock.now()).replace(/\..*|[-:]/g, "")}-${randomBytes(2).toString("hex")}`,
  );

/** The database that is replaced may be whatever it is. */
function readId(database: string): string | undefined {
  try {
    return inspectDatabase(database).controlPlaneId;
  } catch {
    return undefined;
  }
}

async function assertKeyFits({ config }: FileWork, content: DatabaseContent): Promise<boolean> {
  const key = await readKeyFile(config.keyFile.path);
  if (key === undefined) return false;
  if (content.keyCheck !== undefined && createSecrets(key).check !== content.keyCheck) {
    throw new JitnodeError("key_mismatch", {
      message: `The key file ${config.keyFile.path} is not the one this backup was made with.`,
      hint: "Put the key file of that time in place (JITNODE_CONTROL_KEY_FILE), then restore; nothing was changed.",
    });
  }
  return true;
}

function fileOf({ config }: FileWork): string {
  if (config.database.kind === "postgres") throw new JitnodeError("backup_by_database");
  return config.database.file;
}

const alreadyThere = (file: string): JitnodeError =>
  new JitnodeError("backup_exists", { message: `There is a file ${file} already.` });

const running = (): JitnodeError =>
  new JitnodeError("control_plane_running", {
    hint: "Stop the control plane and every command of jitnode-control, then restore; nothing was changed.",
  });

const notWritten =
  (file: string) =>
  (cause: unknown): never => {
    if (cause instanceof JitnodeError) throw cause;
    const code = systemErrorCode(cause) ?? "unknown reason";
    throw new JitnodeError("backup_not_written", { message: `The backup ${file} cannot be written (${code}).`, cause });
  };

/** What is read is sound, or it is no backup; what else fails is the data directory. */
const notRead =
  (file: string) =>
  (cause: unknown): never => {
    const code = systemErrorCode(cause) ?? "";
    if (code.startsWith("SQLITE_CANTOPEN")) {
      throw new JitnodeError("backup_invalid", { message: `The file ${file} cannot be read.`, cause });
    }
    // Opened for reading only, it is not brought to a whole state: a backup that was killed while it was made.
    if (code.startsWith("SQLITE_READONLY")) {
      throw new JitnodeError("backup_invalid", { message: `The file ${file} was not written to its end.`, cause });
    }
    if (/^SQLITE_(FULL|IOERR)/.test(code)) unusableFolder(cause);
    throw asInvalid(cause);
  };

const unusableFolder = (cause: unknown): never => {
  throw new JitnodeError("setting_invalid", {
    message: `The data directory cannot be used (${systemErrorCode(cause) ?? "unknown reason"}).`,
    hint: "Check JITNODE_CONTROL_DATA_DIR: it must belong to the control plane's user, with room on the disk.",
    cause,
  });
};
