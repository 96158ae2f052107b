// SQLite: one file, WAL, synchronous=FULL, one connection, BEGIN IMMEDIATE (so that a command of jitnode-control beside
// the server waits instead of failing at its first write).

import BetterSqlite3 from "better-sqlite3";
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type Driver,
} from "kysely";
import type { ControlDatabase } from "./schema.js";
import type { Store } from "./store.js";

class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

/** Kysely leaves SQLite's migrations outside of transactions; a start killed half-way would never be finished. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
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

  const dialect = new (class extends SqliteDialect {
    override createDriver(): Driver {
      return new ImmediateDriver({ database });
    }
    override createAdapter(): SqliteAdapter {
      return new TransactionalAdapter();
    }
  })({ database });
  const db = new Kysely<ControlDatabase>({ dialect });

  return {
    db,
    dialect: "sqlite",
    async transaction(work) {
      const actions: (() => void)[] = [];
      const result = await db.transaction().execute((trx) =>
        work({
          kind: "transaction",
          db: trx,
          dialect: "sqlite",
          afterCommit: (action) => actions.push(action),
        }),
      );
      for (const action of actions) action();
      return result;
    },
    close: () => db.destroy(),
  };
}
