// Kysely over SQLite's one connection: whose turn it is, transactions, and statements that stay prepared.

import BetterSqlite3 from "better-sqlite3";
import {
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
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

/** Different statements that are kept prepared; only lists of changing length make many of them. */
const preparedLimit = 500;

/** For whoever has the turn: SQLite answers at once. */
export class Connection implements DatabaseConnection {
  readonly #database: BetterSqlite3.Database;
  readonly #begin: BetterSqlite3.Statement;
  readonly #commit: BetterSqlite3.Statement;
  readonly #rollback: BetterSqlite3.Statement;
  readonly #prepared = new Map<string, BetterSqlite3.Statement<unknown[]>>();

  constructor(database: BetterSqlite3.Database) {
    this.#database = database;
    this.#begin = database.prepare("begin immediate");
    this.#commit = database.prepare("commit");
    this.#rollback = database.prepare("rollback");
  }

  /** False also after a statement that ended the transaction by itself, as one does on a full disk. */
  get isInTransaction(): boolean {
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
    if (this.isInTransaction) this.#rollback.run();
  }

  answer<O>(text: string, parameters: readonly unknown[]): QueryResult<O> {
    const statement = this.#prepare(text);
    if (statement.reader) return { rows: statement.all(...parameters) as O[] };
    return { rows: [], numAffectedRows: BigInt(statement.run(...parameters).changes) };
  }

  async executeQuery<O>({ sql, parameters }: CompiledQuery): Promise<QueryResult<O>> {
    return this.answer(sql, parameters);
  }

  streamQuery(): never {
    throw new Error("rows are not streamed: a prepared statement would be left half read");
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  /** To prepare one anew costs more than most of them do. */
  #prepare(text: string): BetterSqlite3.Statement<unknown[]> {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare<unknown[]>(text);
    if (this.#prepared.size >= preparedLimit) this.#prepared.clear();
    this.#prepared.set(text, statement);
    return statement;
  }
}

/** For queries that wait until no transaction is under way, and for Kysely's own transactions (migrations). */
class TurnsDriver implements Driver {
  readonly #connection: Connection;
  readonly #turns: Turns;

  constructor(connection: Connection, turns: Turns) {
    this.#connection = connection;
    this.#turns = turns;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turns.take();
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#turns.pass();
  }

  async beginTransaction(): Promise<void> {
    this.#connection.begin();
  }

  async commitTransaction(): Promise<void> {
    this.#connection.commit();
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
  }

  async destroy(): Promise<void> {}
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

export interface Builders {
  /** Its queries wait for their turn. */
  readonly db: Kysely<ControlDatabase>;
  /** For whoever has the turn; each query calls `assertOpen` first. */
  within(assertOpen: () => void): Kysely<ControlDatabase>;
}

export function buildersOver(database: BetterSqlite3.Database, connection: Connection, turns: Turns): Builders {
  const driver = new TurnsDriver(connection, turns);
  const dialect = new (class extends SqliteDialect {
    override createDriver(): Driver {
      return driver;
    }
    override createAdapter(): SqliteAdapter {
      return new TurnsAdapter();
    }
  })({ database });
  const config = { dialect };
  const db = new Kysely<ControlDatabase>(config);
  return {
    db,
    within(assertOpen) {
      const executor = db.getExecutor().withConnectionProvider({
        async provideConnection(consumer) {
          assertOpen();
          return await consumer(connection);
        },
      });
      return new Kysely<ControlDatabase>({ config, dialect, driver, executor });
    },
  };
}
