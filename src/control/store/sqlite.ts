// SQLite: one file, WAL, synchronous=FULL, one connection, BEGIN IMMEDIATE (so that a command of jitnode-control beside
// the server waits instead of failing at its first write).

import BetterSqlite3 from "better-sqlite3";
import type { Kysely, QueryResult } from "kysely";
import type { ControlDatabase } from "./schema.js";
import { kyselyBy, TransactionDriver, Transactions, Turns, TurnsDriver, withPrepared } from "./sqlite-driver.js";
import { noStatements } from "./statement.js";
import type { Executor, Store, Tx } from "./store.js";

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
  const turns = new Turns();
  const transactions = new Transactions(database);
  const db = kyselyBy(new TurnsDriver(prepared, turns, transactions), prepared);
  const statements = noStatements();

  /** By whoever has the turn: SQLite answers at once. */
  const answer = <O>(text: string, parameters: readonly unknown[]): QueryResult<O> => {
    const statement = prepared.prepare(text);
    if (statement.reader) return { rows: statement.all(parameters) as O[] };
    return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) };
  };

  const run: Executor["run"] = async ({ sql }, parameters) => {
    if (!turns.isTaken) return answer(sql, parameters);
    await turns.take();
    try {
      return answer(sql, parameters);
    } finally {
      turns.pass();
    }
  };

  return {
    db,
    dialect: "sqlite",
    statements,
    run,
    async transaction(work) {
      const actions: (() => void)[] = [];
      let over = false;
      const assertOpen = (): void => {
        if (over || !transactions.isOpen) throw new Error("the transaction is over");
      };
      let db: Kysely<ControlDatabase> | undefined;
      const tx: Tx = {
        kind: "transaction",
        get db() {
          return (db ??= kyselyBy(new TransactionDriver(prepared, assertOpen), prepared));
        },
        dialect: "sqlite",
        statements,
        async run({ sql }, parameters) {
          assertOpen();
          return answer(sql, parameters);
        },
        afterCommit: (action) => actions.push(action),
      };
      await turns.take();
      let result;
      try {
        transactions.begin();
        result = await work(tx);
        over = true;
        transactions.commit();
      } catch (error) {
        over = true;
        transactions.rollback();
        throw error;
      } finally {
        turns.pass();
      }
      for (const action of actions) action();
      return result;
    },
    close: () => db.destroy(),
  };
}
