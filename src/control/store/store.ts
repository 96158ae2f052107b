// The door to the database: one query builder for SQLite and PostgreSQL, and transactions.
// Repositories (the other files of this folder) are functions over an Executor and decide nothing.
//
// Inside `transaction` only its `tx` may be used: on SQLite there is one connection, so a query through `store.db`
// would wait for the transaction that waits for it.

import { sql, type CompiledQuery, type Kysely, type QueryResult, type RawBuilder, type SqlBool } from "kysely";
import type { ControlDatabase } from "./schema.js";
import type { Statements } from "./statement.js";

export type Dialect = "sqlite" | "postgres";

export interface Executor {
  readonly db: Kysely<ControlDatabase>;
  readonly dialect: Dialect;
  /** What is compiled already (./statement). */
  readonly statements: Statements;
  /** `parameters` in place of those that it was compiled with. */
  run<O>(query: CompiledQuery<O>, parameters: readonly unknown[]): Promise<QueryResult<O>>;
}

export interface Tx extends Executor {
  readonly kind: "transaction";
  /** Runs after a successful commit; never after a rollback. */
  afterCommit(action: () => void): void;
}

export interface Store extends Executor {
  /** One transaction; on PostgreSQL repeated when it lost against another one (40001, 40P01), so keep it free of other effects. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** PostgreSQL only: the notifications of `channel` from all replicas, until closed. */
  listen?(channel: string, onMessage: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Moments, in milliseconds: the first of them, and the first after them. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Whether a column contains a text, whatever its case. SQLite folds ASCII only, so the text is looked for as it was typed,
 * too. `%` and `_` stand for themselves.
 */
export function contains(column: string, text: string): RawBuilder<SqlBool> {
  const pattern = (part: string): string => `%${part.replace(/[!%_]/g, "!$&")}%`;
  const name = sql.ref(column);
  return sql<SqlBool>`(${name} like ${pattern(text)} escape '!' or lower(${name}) like ${pattern(text.toLowerCase())} escape '!')`;
}

/**
 * A value that a join is entered by. SQLite plans a join anew for each value of a bare parameter, which takes ten times as
 * long as running it; an expression's value it does not look at.
 */
export const entry = (value: string): RawBuilder<string> => sql<string>`(${value} || '')`;

/** `FOR UPDATE` where there is such a thing; SQLite's transactions are alone anyway (BEGIN IMMEDIATE). */
export function locked<Q extends { forUpdate(): Q }>(executor: Executor, query: Q): Q {
  return executor.dialect === "postgres" ? query.forUpdate() : query;
}
