// Owns a started control plane behind a load balancer, on either database: one process on SQLite, two replicas on
// PostgreSQL. Everybody reaches it by its one public URL.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Agreement } from "../../../src/protocol/people.js";
import { openDatabase, type TestDatabase } from "../../property/rows.js";
import type { Files } from "../../support/certificates.js";
import { onEnd, type Scope } from "../../support/cleanup.js";
import { createDatabase } from "../../support/postgres.js";
import { startControl, type Control, type ControlOptions } from "../../support/programs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { createCaller, type Caller } from "./caller.js";
import { createContract, type Contract, type Document } from "./document.js";
import { startForwarder } from "./forwarder.js";

export const dialects = ["sqlite", "postgres"] as const;
export type Dialect = (typeof dialects)[number];

export type SiteOptions = Pick<ControlOptions, "signup" | "env"> & {
  readonly scope: Scope;
  /** Continues the record of another site. */
  readonly contract?: Contract;
  /** PostgreSQL only: an existing database, and the URL by which the control plane reaches it. */
  readonly database?: { readonly url: string; readonly through: string };
  readonly replicas?: number;
  /** The load balancer's. */
  readonly tls?: Files;
  /** Addresses whose X-Forwarded-For is believed; the load balancer's by default. */
  readonly trustedProxies?: string;
};

export type Site = {
  readonly dialect: Dialect;
  /** The public URL. */
  readonly url: string;
  readonly controls: readonly Control[];
  readonly contract: Contract;
  readonly database: TestDatabase;
  /** An address that nobody has asked from. */
  readonly address: () => string;
  /** Without account and node. */
  readonly stranger: (address?: string) => Caller;
  readonly agreement: string;
  /** Stops it, and starts it again on the same data with other settings. */
  readonly restart: (settings: Pick<ControlOptions, "deviceCodeTtl">) => Promise<void>;
};

export async function startSite(dialect: Dialect, options: SiteOptions): Promise<Site> {
  const {
    scope,
    env,
    contract: known,
    database: given,
    replicas = dialect === "postgres" ? 2 : 1,
    tls,
    trustedProxies = "127.0.0.1",
    ...settings
  } = options;
  const forwarder = await startForwarder(scope, tls);
  const dataDir = temporaryFolder({ scope });
  const keyFile = join(dataDir, "master.key");
  writeFileSync(keyFile, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  const postgres = dialect === "sqlite" ? undefined : (given ?? (await createDatabase({ scope })));

  const start = async (changed: Pick<ControlOptions, "deviceCodeTtl"> = {}): Promise<readonly Control[]> => {
    const started = await Promise.all(
      Array.from({ length: replicas }, () =>
        startControl({
          ...settings,
          ...changed,
          scope,
          dataDir,
          keyFile,
          publicUrl: forwarder.url,
          deviceInterval: "1",
          ...(postgres === undefined ? {} : { databaseUrl: "through" in postgres ? postgres.through : postgres.url }),
          env: { JITNODE_CONTROL_TRUSTED_PROXIES: trustedProxies, JITNODE_LOG_LEVEL: "warn", ...env },
        }),
      ),
    );
    forwarder.lead(started.map(({ url }) => url));
    return started;
  };
  let controls = await start();
  const where = postgres === undefined ? { file: join(dataDir, "control.db") } : { url: postgres.url };
  const database = await openDatabase(where);
  onEnd(() => database.close(), scope);

  const contract = known ?? createContract((await read(forwarder.url, "/openapi.json")) as Document);
  let addresses = 0;
  const address = (): string => {
    addresses += 1;
    return `10.9.${String(addresses >> 8)}.${String(addresses & 255)}`;
  };
  return {
    dialect,
    url: forwarder.url,
    get controls() {
      return controls;
    },
    contract,
    database,
    address,
    stranger: (from = address()) => createCaller({ url: forwarder.url, contract, replicas, address: from }),
    agreement: ((await read(forwarder.url, "/v1/agreement")) as Agreement).version,
    async restart(changed) {
      for (const control of controls) control.signal("SIGTERM");
      await Promise.all(controls.map(({ exited }) => exited));
      controls = await start(changed);
    },
  };
}

const read = async (url: string, path: string): Promise<unknown> => (await fetch(url + path)).json();
