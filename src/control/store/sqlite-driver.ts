// Kysely over SQLite's one connection: whose turn it is, transactions, and statements that stay prepared.

import type BetterSqlite3 from "better-sqlite3";
import {
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type Driver,
  type SqliteDatabase,
  type SqliteStatement,
} from "kysely";
import type { ControlDatabase } from "./schema.js";

/** Who may use the one connection: one after the other, in the order in which they came. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  get isTaken(): boolean {
    return this.#taken;
  }

  async take(): Promise<void> {
    if (this.#taken) return await new Promise((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
  }

  pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}

/** Begin, commit and roll back; prepared, since Kysely's way takes longer than SQLite's. */
export class Transactions {
  readonly #database: BetterSqlite3.Database;
  readonly #begin: BetterSqlite3.Statement;
  readonly #commit: BetterSqlite3.Statement;
  readonly #rollback: BetterSqlite3.Statement;

  constructor(database: BetterSqlite3.Database) {
    this.#database = database;
    this.#begin = database.prepare("begin immediate");
    this.#commit = database.prepare("commit");
    this.#rollback = database.prepare("rollback");
  }

  /** False also after a statement that ended it by itself, as one does on a full disk. */
  get isOpen(): boolean {
    return this.#database.inTransaction;
  }

  begin(): void {
    this.#begin.run();
  }

  commit(): void {
    this.#commit.run();
  }

  /** Where it has ended already, the reason of that is what the caller has to hear. */
  rollback(): void {
    if (this.isOpen) this.#rollback.run();
  }
}

/** For Kysely's own transactions (migrations), and for queries that wait until no other is under way. */
export class TurnsDriver extends SqliteDriver {
  readonly #turns: Turns;
  readonly #transactions: Transactions;

  constructor(database: SqliteDatabase, turns: Turns, transactions: Transactions) {
    super({ database });
    this.#turns = turns;
    this.#transactions = transactions;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turns.take();
    return await super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    this.#turns.pass();
  }

  override async beginTransaction(): Promise<void> {
    this.#transactions.begin();
  }

  override async commitTransaction(): Promise<void> {
    this.#transactions.commit();
  }

  override async rollbackTransaction(): Promise<void> {
    this.#transactions.rollback();
  }
}

/** Of one transaction, whose turn it is: after its end nothing may be written. */
export class TransactionDriver extends SqliteDriver {
  readonly #assertOpen: () => void;

  constructor(database: SqliteDatabase, assertOpen: () => void) {
    super({ database });
    this.#assertOpen = assertOpen;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    this.#assertOpen();
    return await super.acquireConnection();
  }
}

class TurnsAdapter extends SqliteAdapter {
  /** The driver sees to it that there is one at a time. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
  /** Kysely leaves SQLite's migrations outside of transactions; a start killed half-way would never be finished. */
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
export function withPrepared(database: BetterSqlite3.Database): SqliteDatabase {
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

export function kyselyBy(driver: Driver, database: SqliteDatabase): Kysely<ControlDatabase> {
  const dialect = new (class extends SqliteDialect {
    override createDriver(): Driver {
      return driver;
    }
    override createAdapter(): SqliteAdapter {
      return new TurnsAdapter();
    }
  })({ database });
  return new Kysely<ControlDatabase>({ dialect });
}
