// PostgreSQL: a pool, READ COMMITTED with explicit row locks, a transaction repeated when it lost a race, and one extra
// connection for LISTEN that reconnects by itself.

import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { ControlDatabase } from "./schema.js";
import { noStatements } from "./statement.js";
import type { Store, Tx } from "./store.js";

const int8 = 20;
const lostRace: ReadonlySet<string> = new Set(["40001", "40P01"]);
const attempts = 5;
const reconnectAfter = 1_000;

// Times are milliseconds: far below 2^53, so int8 becomes a number on this pool only.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format?: "text" | "binary") =>
    id === int8 ? Number : pg.types.getTypeParser(id, format)) as typeof pg.types.getTypeParser,
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

export interface PostgresOptions {
  readonly url: string;
  readonly maxConnections?: number;
  readonly onError: (error: unknown) => void;
}

export function openPostgres(options: PostgresOptions): Store {
  const pool = new pg.Pool({
    connectionString: options.url,
    types,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 10_000,
    application_name: "jitnode-control",
  });
  pool.on("error", options.onError);
  // The pool listens while a connection rests. Broken while it is in use, it says so twice: to whoever queries next, and as
  // an event that would end the process if nobody heard it.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<ControlDatabase>({ dialect: new PostgresDialect({ pool }) });

  const statements = noStatements();

  const once = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    const actions: (() => void)[] = [];
    const result = await db.transaction().execute((trx) =>
      work({
        kind: "transaction",
        db: trx,
        dialect: "postgres",
        statements,
        run: (query, parameters) => trx.executeQuery({ ...query, parameters }),
        afterCommit: (action) => actions.push(action),
      }),
    );
    for (const action of actions) action();
    return result;
  };

  return {
    db,
    dialect: "postgres",
    statements,
    run: (query, parameters) => db.executeQuery({ ...query, parameters }),
    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(work);
        } catch (error) {
          if (attempt >= attempts || !lostRace.has(codeOf(error) ?? "")) throw error;
        }
      }
    },
    listen: (channel, onMessage) => listen(options, channel, onMessage),
    close: () => db.destroy(),
  };
}

async function listen(
  options: PostgresOptions,
  channel: string,
  onMessage: (payload: string) => void,
): Promise<() => Promise<void>> {
  let closed = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: options.url,
      application_name: "jitnode-control listen",
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    next.on("notification", (message) => onMessage(message.payload ?? ""));
    next.on("error", options.onError);
    try {
      await next.connect();
      await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      void next.end().catch(() => undefined);
      throw error;
    }
    if (closed) return next.end();
    // From here on: an attempt that fails says both `end` and an error, and must be made again once, not twice.
    next.on("end", again);
    client = next;
  };
  const again = (): void => {
    if (!closed) timer = setTimeout(() => void connect().catch(retry), reconnectAfter);
  };
  const retry = (error: unknown): void => {
    options.onError(error);
    again();
  };

  await connect();
  return async () => {
    closed = true;
    clearTimeout(timer);
    await client?.end();
  };
}
