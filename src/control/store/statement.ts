// Statements that every activation runs: built and compiled once for each database, and filled in at each call. Building
// one with Kysely takes longer than SQLite needs to run it.

import type { Compilable, CompiledQuery, Kysely, QueryResult } from "kysely";
import type { ControlDatabase } from "./schema.js";
import type { Executor } from "./store.js";

/** What stands in a compiled statement where a value of that name belongs. */
class Place {
  constructor(readonly name: string) {}
}

type Build<V, O> = (db: Kysely<ControlDatabase>, the: V, executor: Executor) => Compilable<O>;

/** By what builds them and by the names of their values. */
export type Statements = Map<unknown, Map<string, CompiledQuery>>;

export const noStatements = (): Statements => new Map();

/**
 * `build` sees a stand-in for each value of the first call: it may pass values on to Kysely, but not look at them. What
 * depends on anything else than their names and the database belongs into another statement.
 */
export function statement<V extends object, O>(
  build: Build<V, O>,
): (executor: Executor, values: V) => Promise<QueryResult<O>> {
  return (executor, values) => {
    const compiled = compiledFor(executor, build, values);
    const parameters = compiled.parameters.map((one) => (one instanceof Place ? values[one.name as keyof V] : one));
    return executor.run(compiled, parameters);
  };
}

function compiledFor<V extends object, O>(executor: Executor, build: Build<V, O>, values: V): CompiledQuery<O> {
  const names = Object.keys(values);
  const key = names.join(" ");
  const known = executor.statements.get(build)?.get(key);
  // What was kept under this builder is what this builder made.
  if (known !== undefined) return known as CompiledQuery<O>;
  const places = Object.fromEntries(names.map((name) => [name, new Place(name)]));
  const compiled = build(executor.db, places as V, executor).compile();
  const all = executor.statements.get(build) ?? new Map<string, CompiledQuery>();
  executor.statements.set(build, all.set(key, compiled));
  return compiled;
}

/** Of a change: whether a row was written. */
export const hasWritten = (result: QueryResult<unknown>): boolean => (result.numAffectedRows ?? 0n) > 0n;
