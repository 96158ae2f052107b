// Owns databases for tests on the run's one PostgreSQL server, which starts when the first test asks.
import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { onEnd, type Scope } from "./cleanup.js";
import { sharedResource } from "./shared.js";

export { startPostgres, type PostgresOptions, type PostgresServer } from "./postgres-server.js";

export type Database = { readonly url: string; readonly drop: () => Promise<void> };

export type DatabaseOptions = {
  readonly scope?: Scope;
  /**
   * Copies a database that `prepare` fills once per run (the migrations, say) instead of an empty one. Whoever prepares
   * must close its connections. The name tells templates apart.
   */
  readonly template?: { readonly name: string; readonly prepare: (url: string) => Promise<void> };
};

/** The URL of another database of the same server. */
function sibling(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function asAdministrator<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Makes the template if no test file has made it yet; the lock lets the others wait for the first one. */
async function templateDatabase(
  admin: string,
  { name, prepare }: NonNullable<DatabaseOptions["template"]>,
): Promise<string> {
  const database = `template_${name.replaceAll(/[^a-z0-9]/g, "_")}`;
  return await asAdministrator(admin, async (client) => {
    await client.query("select pg_advisory_lock(hashtext($1))", [database]);
    const found = await client.query("select 1 from pg_database where datname = $1 and datistemplate", [database]);
    if (found.rowCount === 0) {
      await client.query(`drop database if exists ${database} with (force)`);
      await client.query(`create database ${database}`);
      await prepare(sibling(admin, database));
      // Marked last: a preparation that failed half-way is made anew by the next who asks.
      await client.query(`alter database ${database} with is_template true`);
    }
    return database;
  });
}

/** A new database, dropped by `drop()` or when the test (or the file) ends. */
export async function createDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const { url: admin } = (await sharedResource("postgres")) as { readonly url: string };
  const template = options.template === undefined ? "template1" : await templateDatabase(admin, options.template);
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdministrator(admin, (client) => client.query(`create database ${name} template ${template}`));
  const drop = async (): Promise<void> => {
    await asAdministrator(admin, (client) => client.query(`drop database if exists ${name} with (force)`));
  };
  onEnd(drop, options.scope);
  return { url: sibling(admin, name), drop };
}
