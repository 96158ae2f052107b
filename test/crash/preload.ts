// Loaded into a program under test (NODE_OPTIONS=--import) before its own code; a program of its own, so no imports of
// ours. It makes a step of every HTTP message sent or received and of every point at which something becomes durable.
// CRASH_RECORD=FILE: writes each step there. CRASH_AT="label#n": at the n-th step of that label it says
// so on stderr and stands still, in the middle of whatever it is doing, until the parent's SIGKILL.
import { subscribe } from "node:diagnostics_channel";
import fs from "node:fs";
import { ServerResponse } from "node:http";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";

const record = process.env["CRASH_RECORD"];
const at = process.env["CRASH_AT"];
const root = process.env["CRASH_ROOT"] ?? "/";
const original = { appendFileSync: fs.appendFileSync, writeSync: fs.writeSync };

const seen = new Map<string, number>();
let halted = false;

function step(label: string): void {
  if (halted) return;
  const count = (seen.get(label) ?? 0) + 1;
  seen.set(label, count);
  if (record !== undefined) original.appendFileSync(record, `${label}#${count}\n`);
  if (at !== `${label}#${count}`) return;
  halted = true;
  original.writeSync(2, `stands still at ${at}\n`);
  // Nothing of this process' JavaScript runs any more. What the system does for it goes on, as it would.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Paths without what differs from run to run: ids, codes, organizations. */
const plain = (url: string): string =>
  url
    .replace(/\?.*$/, "")
    .replace(/\/J[NPB]_[^/]+/g, "/ID")
    .replace(/\/(activations|activate)\/[^/]+/, "/$1/CODE")
    .replace(/\/(set-up|invitation|reset)\/[^/]+/, "/$1/TOKEN")
    .replace(/\/orgs\/(?!join)[^/]+/, "/orgs/ORG");
const file = (path: unknown): string =>
  basename(String(path))
    .replace(/^\.[0-9a-f]+\.tmp$/, "temporary file")
    .replace(/\d{4,}/g, "N");

// Files: what fsync and rename make durable.
type Callback = (...values: unknown[]) => unknown;
function around(owner: object, name: string, label: (...values: unknown[]) => string): void {
  const before = Reflect.get(owner, name) as unknown;
  if (typeof before !== "function") return;
  Reflect.set(owner, name, function wrapped(this: unknown, ...values: unknown[]): unknown {
    step(`before ${label.apply(this, values)}`);
    const last = values.at(-1);
    if (typeof last === "function") {
      const after = `after ${label.apply(this, values)}`;
      return Reflect.apply(before, this, [
        ...values.slice(0, -1),
        (...results: unknown[]) => {
          step(after);
          return (last as Callback)(...results);
        },
      ]);
    }
    const result: unknown = Reflect.apply(before, this, values);
    const done = `after ${label.apply(this, values)}`;
    if (!(result instanceof Promise)) {
      step(done);
      return result;
    }
    return result.then((value: unknown) => {
      step(done);
      return value;
    });
  });
}
for (const name of ["fsync", "fdatasync", "fsyncSync", "fdatasyncSync"]) around(fs, name, () => "fsync");
for (const name of ["rename", "renameSync"]) around(fs, name, (_from, to) => `rename to ${file(to)}`);
for (const name of ["link", "linkSync"]) around(fs, name, (_from, to) => `link to ${file(to)}`);
around(fs.promises, "rename", (_from, to) => `rename to ${file(to)}`);
around(fs.promises, "link", (_from, to) => `link to ${file(to)}`);
const handle = await fs.promises.open(process.execPath, "r");
const handles = Object.getPrototypeOf(handle) as object;
await handle.close();
for (const name of ["sync", "datasync"]) around(handles, name, () => "fsync of an open file");
syncBuiltinESMExports();

// SQLite: its fsyncs happen inside commits, and inside writes without a transaction around them.
type Statement = { readonly source: string; readonly readonly: boolean; readonly database: { inTransaction: boolean } };
const program = basename(process.argv[1] ?? "");
if (/^(jitnoded|jitnode-control)/.test(program)) {
  const Sqlite = createRequire(join(root, "package.json"))("better-sqlite3") as new (file: string) => {
    prepare(sql: string): object;
    close(): void;
  };
  const probe = new Sqlite(":memory:");
  const statements = Object.getPrototypeOf(probe.prepare("select 1")) as object;
  probe.close();
  const durable = (sql: string, inTransaction: boolean): string | undefined => {
    const words = /^\s*(\w+)(?:\s+(?:or\s+\w+\s+)?(?:into|from)?\s*"?(\w+)"?)?/i.exec(sql);
    const verb = (words?.[1] ?? "").toLowerCase();
    if (verb === "commit") return "commit";
    const writes = ["insert", "update", "delete", "replace", "create", "drop", "alter"].includes(verb);
    return writes && !inTransaction ? `write of ${words?.[2] ?? "something"}` : undefined;
  };
  for (const name of ["run", "all", "get"]) {
    const before = Reflect.get(statements, name) as unknown;
    if (typeof before !== "function") throw new Error(`better-sqlite3's statements have no ${name}`);
    Reflect.set(statements, name, function wrapped(this: Statement, ...values: unknown[]): unknown {
      const what =
        this.readonly && !/^\s*commit/i.test(this.source)
          ? undefined
          : durable(this.source, this.database.inTransaction);
      if (what === undefined) return Reflect.apply(before, this, values);
      step(`before the ${what}`);
      const result: unknown = Reflect.apply(before, this, values);
      step(`after the ${what}`);
      return result;
    });
  }
  const databases = Sqlite.prototype as { exec(sql: string): unknown; inTransaction: boolean };
  const exec = databases.exec;
  databases.exec = function wrapped(this: typeof databases, sql: string): unknown {
    const what = durable(sql, this.inTransaction);
    if (what === undefined) return exec.call(this, sql);
    step(`before the ${what}`);
    const result = exec.call(this, sql);
    step(`after the ${what}`);
    return result;
  };
}

// HTTP: served, and asked.
type Asked = { readonly method?: string | undefined; readonly url?: string | undefined; readonly path?: string };
const asked = (request: Asked | undefined): string =>
  `${request?.method ?? "?"} ${plain(request?.url ?? request?.path ?? "?")}`;
const on = (channel: string, label: (message: Record<string, Asked | undefined>) => string): void => {
  subscribe(channel, (message) => step(label(message as Record<string, Asked | undefined>)));
};
on("http.server.request.start", ({ request }) => `received ${asked(request)}`);
on("http.server.response.finish", ({ request }) => `answered ${asked(request)}`);
const end = ServerResponse.prototype.end as (...values: unknown[]) => unknown;
Reflect.set(ServerResponse.prototype, "end", function wrapped(this: ServerResponse, ...values: unknown[]): unknown {
  step(`before answering ${asked(this.req)}`);
  return Reflect.apply(end, this, values);
});
on("http.client.request.start", ({ request }) => `sending ${asked(request)}`);
on("http.client.response.finish", ({ request }) => `has the answer to ${asked(request)}`);
on("undici:request:create", ({ request }) => `sending ${asked(request)}`);
on("undici:request:bodySent", ({ request }) => `has sent ${asked(request)}`);
on("undici:request:headers", ({ request }) => `begins to receive the answer to ${asked(request)}`);
on("undici:request:trailers", ({ request }) => `has the answer to ${asked(request)}`);
