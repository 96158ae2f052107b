// SQLite: one file, WAL, synchronous=FULL, one connection, BEGIN IMMEDIATE (so that a command of jitnode-control beside
// the server waits instead of failing at its first write).

import BetterSqlite3 from "better-sqlite3";
import type { Kysely } from "kysely";
import type { ControlDatabase } from "./schema.js";
import { buildersOver, Connection, Turns } from "./sqlite-driver.js";
import { noStatements } from "./statement.js";
import type { Store, Tx } from "./store.js";

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

  const connection = new Connection(database);
  const turns = new Turns();
  const { db, within } = buildersOver(database, connection, turns);
  const statements = noStatements();

  return {
    db,
    dialect: "sqlite",
    statements,
    async run({ sql }, parameters) {
      if (!turns.isTaken) return connection.answer(sql, parameters);
      await turns.take();
      try {
        return connection.answer(sql, parameters);
      } finally {
        turns.pass();
      }
    },
    async transaction(work) {
      const actions: (() => void)[] = [];
      let over = false;
      const assertOpen = (): void => {
        if (over || !connection.isInTransaction) throw new Error("the transaction is over");
      };
      let own: Kysely<ControlDatabase> | undefined;
      const tx: Tx = {
        kind: "transaction",
        get db() {
          return (own ??= within(assertOpen));
        },
        dialect: "sqlite",
        statements,
        async run({ sql }, parameters) {
          assertOpen();
          return connection.answer(sql, parameters);
        },
        afterCommit: (action) => actions.push(action),
      };
      await turns.take();
      let result;
      try {
        connection.begin();
        result = await work(tx);
        over = true;
        connection.commit();
      } catch (error) {
        over = true;
        connection.rollback();
        throw error;
      } finally {
        turns.pass();
      }
      for (const action of actions) action();
      return result;
    },
    async close() {
      await db.destroy();
      connection.close();
    },
  };
}
