// Owns reading the control plane's database, by itself: no code of the program comes between.
import BetterSqlite3 from "better-sqlite3";
import { Client, types } from "pg";

export type Row = Readonly<Record<string, string | number | null>>;

const tables = [
  "accounts",
  "organizations",
  "memberships",
  "binding_codes",
  "nodes",
  "bindings",
  "device_requests",
  "sessions",
  "audit",
] as const;

export type Tables = Readonly<Record<(typeof tables)[number], readonly Row[]>>;

export type TestDatabase = {
  /** All of it, as of one moment. */
  read(): Promise<Tables>;
  /** An hour passes for the limits on wrong attempts, which have tests of their own. */
  forgetLimits(): Promise<void>;
  /** Makes a member an administrator; false when there is no such member. */
  promote(org: string, account: string): Promise<boolean>;
  /** Lets the pending request of a node's key expire; false when there is none. */
  expire(thumbprint: string): Promise<boolean>;
  /** Whether a node's key has a request that waits for a decision. */
  isPending(thumbprint: string): Promise<boolean>;
  close(): Promise<void>;
};

const expiry = "update device_requests set expires_at = 1 where dpop_jkt = $1 and state = 'pending' and expires_at > 1";
const pending = "select 1 from device_requests where dpop_jkt = $1 and state = 'pending' and expires_at > 1";
const promotion = "update memberships set role = 'administrator' where org_id = $1 and account_id = $2";

function openSqlite(file: string): TestDatabase {
  const database = new BetterSqlite3(file, { fileMustExist: true });
  database.pragma("busy_timeout = 10000");
  return {
    read: async () =>
      database.transaction(
        () =>
          Object.fromEntries(
            tables.map((table) => [table, database.prepare(`select * from ${table}`).all()]),
          ) as unknown as Tables,
      )(),
    forgetLimits: async () => void database.prepare("delete from rate_limits").run(),
    promote: async (org, account) => database.prepare(promotion).run({ 1: org, 2: account }).changes > 0,
    expire: async (thumbprint) => database.prepare(expiry).run({ 1: thumbprint }).changes > 0,
    isPending: async (thumbprint) => database.prepare(pending).get({ 1: thumbprint }) !== undefined,
    close: async () => void database.close(),
  };
}

const int8 = 20;

async function openPostgres(url: string): Promise<TestDatabase> {
  const getTypeParser = (id: number, format?: "text" | "binary"): unknown =>
    id === int8 ? Number : types.getTypeParser(id, format as "text");
  const client = new Client({ connectionString: url, types: { getTypeParser } as never });
  // Closed before its database is dropped; what the server says after that is nobody's concern.
  client.on("error", () => undefined);
  await client.connect();
  return {
    async read() {
      await client.query("begin isolation level repeatable read read only");
      const found: [string, readonly Row[]][] = [];
      for (const table of tables) found.push([table, (await client.query(`select * from ${table}`)).rows as Row[]]);
      await client.query("commit");
      return Object.fromEntries(found) as unknown as Tables;
    },
    forgetLimits: async () => void (await client.query("delete from rate_limits")),
    promote: async (org, account) => ((await client.query(promotion, [org, account])).rowCount ?? 0) > 0,
    expire: async (thumbprint) => ((await client.query(expiry, [thumbprint])).rowCount ?? 0) > 0,
    isPending: async (thumbprint) => ((await client.query(pending, [thumbprint])).rowCount ?? 0) > 0,
    close: () => client.end(),
  };
}

export const openDatabase = async (
  where: { readonly file: string } | { readonly url: string },
): Promise<TestDatabase> => ("file" in where ? openSqlite(where.file) : await openPostgres(where.url));
