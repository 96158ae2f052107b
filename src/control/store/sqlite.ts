// SQLite: one file, WAL, synchronous=FULL, one connection, BEGIN IMMEDIATE (so that a command of jitnode-control beside
// the server waits instead of failing at its first write).

import BetterSqlite3 from "better-sqlite3";
import {
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type CompiledQuery,
  type QueryResult,
  type Driver,
  type SqliteDatabase,
  type SqliteStatement,
} from "kysely";
import type { ControlDatabase } from "./schema.js";
import { noStatements } from "./statement.js";
import type { Store } from "./store.js";

class ImmediateDriver extends SqliteDriver {
  readonly #database: BetterSqlite3.Database;
  readonly #begin: BetterSqlite3.Statement;
  readonly #commit: BetterSqlite3.Statement;
  readonly #rollback: BetterSqlite3.Statement;

  constructor(database: BetterSqlite3.Database, prepared: SqliteDatabase) {
    super({ database: prepared });
    this.#database = database;
    this.#begin = database.prepare("begin immediate");
    this.#commit = database.prepare("commit");
    this.#rollback = database.prepare("rollback");
  }

  override async beginTransaction(): Promise<void> {
    this.#begin.run();
  }

  override async commitTransaction(): Promise<void> {
    this.#commit.run();
  }

  /** A full disk has ended the transaction already, and the reason is what the caller has to hear. */
  override async rollbackTransaction(): Promise<void> {
    if (this.#database.inTransaction) this.#rollback.run();
  }
}

/** Kysely leaves SQLite's migrations outside of transactions; a start killed half-way would never be finished. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Different statements that are kept prepared; only lists of changing length make many of them. */
const preparedLimit = 500;

/**
 * Kysely prepares each statement anew, which costs more than most of them do. A prepared one may serve again as long as
 * it is never left half read: nothing here streams rows.
 */
function withPrepared(database: BetterSqlite3.Database): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    prepare(text) {
      const known = prepared.get(text);
      if (known !== undefined) return known;
      const statement = database.prepare<unknown[]>(text);
      if (prepared.size >= preparedLimit) prepared.clear();
      prepared.set(text, statement);
      return statement;
    },
    close() {
      prepared.clear();
      database.close();
    },
  };
}

export interface SqliteOptions {
  /** A path, or `:memory:`. */
  readonly file: string;
}

export function openSqlite(options: SqliteOptions): Store {
  const database = new BetterSqlite3(options.file);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("foreign_keys = ON");
  database.pragma("busy_timeout = 10000");
  database.pragma("trusted_schema = OFF");

  const prepared = withPrepared(database);
  const dialect = new (class extends SqliteDialect {
    override createDriver(): Driver {
      return new ImmediateDriver(database, prepared);
    }
    override createAdapter(): SqliteAdapter {
      return new TransactionalAdapter();
    }
  })({ database });
  const db = new Kysely<ControlDatabase>({ dialect });
  const statements = noStatements();
  /** SQLite answers at once: the one connection need not be asked for as long as no transaction holds it. */
  const run = <O>({ sql, parameters }: CompiledQuery<O>): QueryResult<O> => {
    const statement = prepared.prepare(sql);
    if (statement.reader) return { rows: statement.all(parameters) as O[] };
    return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) };
  };

  return {
    db,
    dialect: "sqlite",
    statements,
    run: async (query) => (database.inTransaction ? db.executeQuery(query) : run(query)),
    async transaction(work) {
      const actions: (() => void)[] = [];
      const result = await db.transaction().execute(async (trx) => {
        let over = false;
        try {
          return await work({
            kind: "transaction",
            db: trx,
            dialect: "sqlite",
            statements,
            run: async (query) => {
              // SQLite ends it by itself where the disk is full; nothing may be written after that.
              if (over || !database.inTransaction) throw new Error("the transaction is over");
              return run(query);
            },
            afterCommit: (action) => actions.push(action),
          });
        } finally {
          over = true;
        }
      });
      for (const action of actions) action();
      return result;
    },
    close: () => db.destroy(),
  };
}
