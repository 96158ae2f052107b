// node.db: the daemon's state on disk. One process at a time: the exclusive lock on the file is the operating system's
// and dies with the process, so that nothing stale is left after SIGKILL. A write returns when it is on the disk.

import { dirname, join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { systemErrorCode } from "../../platform/atomic-file.js";
import { fileSize } from "../../platform/private-files.js";
import { JitnodeError } from "../../protocol/errors.js";
import { asJson } from "../../protocol/parse.js";
import { emptyState, shapes, type NodeState, type StateName, type StatePatch } from "./shapes.js";

export interface StateFile {
  read(): NodeState;
  /** All of it or nothing; throws `state_not_writable`. */
  write(patch: StatePatch): void;
  /** Writes, and leaves everything as it was: can it be written at the moment? Throws as `write` does. */
  probe(): void;
  close(): void;
}

const schemaVersion = 1;
/** None of the names in ./shapes. */
const probeName = "probe";

/** Throws `already_running`, `state_not_writable`, `state_corrupt` or `schema_newer`. */
export function openStateFile(path: string): StateFile {
  let database: BetterSqlite3.Database | undefined;
  try {
    assertNotCut(path);
    database = new BetterSqlite3(path, { timeout: 500 });
    prepare(database);
    return wrap(database);
  } catch (error) {
    database?.close();
    throw translate(error);
  }
}

/** SQLite takes a file shorter than its header for a new, empty one; here that would be forgetting the binding. */
function assertNotCut(path: string): void {
  const size = fileSize(path);
  // Of a first start that was killed before it made the key.
  const isBegun = size === 0 && fileSize(join(dirname(path), "node.key")) === undefined;
  if (size === undefined || size >= 512 || isBegun) return;
  throw new JitnodeError("state_corrupt", { message: `${path} is cut off.` });
}

function prepare(database: BetterSqlite3.Database): void {
  database.pragma("locking_mode = EXCLUSIVE");
  // One file that is whole between two writes, so that a copy of it is a backup.
  database.pragma("journal_mode = TRUNCATE");
  database.pragma("synchronous = FULL");
  database.pragma("trusted_schema = OFF");
  database.pragma("cache_size = -256");
  // Writing takes the lock; in exclusive mode it is kept until the process ends.
  database.exec("begin exclusive");
  const found = Number(database.pragma("user_version", { simple: true }));
  if (found > schemaVersion) throw new JitnodeError("schema_newer");
  if (found < 1) {
    database.exec("create table state (name text primary key, value text not null) strict, without rowid");
    database.pragma(`user_version = ${schemaVersion}`);
  }
  database.exec("commit");
}

function wrap(database: BetterSqlite3.Database): StateFile {
  const all = database.prepare<[], { name: string; value: string }>("select name, value from state");
  const put = database.prepare<[string, string]>(
    "insert into state (name, value) values (?, ?) on conflict (name) do update set value = excluded.value",
  );
  const remove = database.prepare<[string]>("delete from state where name = ?");
  const write = database.transaction((patch: StatePatch) => {
    for (const [name, value] of Object.entries(patch)) {
      if (value === undefined) remove.run(name);
      else put.run(name, JSON.stringify(value));
    }
  });
  // A row that comes and goes: one that is set to what it is already costs SQLite no write, so that a full disk would
  // not show.
  const probe = database.transaction(() => {
    put.run(probeName, "null");
    remove.run(probeName);
  });
  const translated = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw translate(error);
    }
  };
  return {
    read: () => translated(() => parse(all.all())),
    write: (patch) => translated(() => write.immediate(patch)),
    probe: () => translated(() => probe.immediate()),
    close: () => database.close(),
  };
}

function parse(rows: readonly { readonly name: string; readonly value: string }[]): NodeState {
  const state: Record<string, unknown> = { ...emptyState };
  for (const { name, value } of rows) {
    // A name of a newer version is kept on disk and not looked at.
    if (!Object.hasOwn(shapes, name)) continue;
    const parsed = asJson(shapes[name as StateName], value);
    if (parsed === undefined) throw new JitnodeError("state_corrupt", { log: { name } });
    state[name] = parsed;
  }
  return state as unknown as NodeState;
}

function translate(error: unknown): JitnodeError {
  if (error instanceof JitnodeError) return error;
  const code = systemErrorCode(error) ?? "";
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return new JitnodeError("already_running", { cause: error });
  if (/^SQLITE_(CORRUPT|NOTADB|SCHEMA|ERROR|MISMATCH)/.test(code)) {
    return new JitnodeError("state_corrupt", { message: "The node's state (node.db) cannot be read.", cause: error });
  }
  return new JitnodeError("state_not_writable", { cause: error });
}
