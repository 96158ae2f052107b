// Owns control planes without HTTP for tests: real stores and services on SQLite and PostgreSQL, people and activation
// requests put into their tables, and a clock that can be turned.
import { sql } from "kysely";
import { createBindingCode, createUserCode, formatCode } from "../../src/domain/codes.js";
import { createAccountId, nodeIdOf, type AccountId, type NodeId } from "../../src/domain/ids.js";
import { generateKeyPair, type KeyPair } from "../../src/identity/keys.js";
import { createClock } from "../../src/platform/clock.js";
import { createLog } from "../../src/platform/log.js";
import { createRandom } from "../../src/platform/random.js";
import { isErrorCode, JitnodeError } from "../../src/protocol/errors.js";
import { clients, type PeopleScope } from "../../src/protocol/versions.js";
import type { ControlConfig } from "../../src/control/config.js";
import type { ControlContext, NodeActor, PersonActor, Tx } from "../../src/control/context.js";
import { createAuditLog } from "../../src/control/services/audit-log.js";
import { createEvents } from "../../src/control/services/events.js";
import type { Repeat } from "../../src/control/services/idempotency.js";
import { createLimits } from "../../src/control/services/limits.js";
import { createMetrics } from "../../src/control/services/metrics.js";
import { createPasswords } from "../../src/control/services/passwords.js";
import { createSecrets } from "../../src/control/services/secrets.js";
import { insertAccount } from "../../src/control/store/accounts.js";
import { insertDeviceRequest } from "../../src/control/store/device-requests.js";
import { migrate, readControlPlaneId } from "../../src/control/store/migrate.js";
import { openPostgres } from "../../src/control/store/postgres.js";
import type { Accounts, DeviceRequests } from "../../src/control/store/schema.js";
import { openSqlite } from "../../src/control/store/sqlite.js";
import type { Dialect, Store } from "../../src/control/store/store.js";
import { onEnd } from "../support/cleanup.js";
import { createDatabase } from "../support/postgres.js";

export const dialects: readonly Dialect[] = ["sqlite", "postgres"];

const random = createRandom();

export type TestContext = ControlContext & {
  /** Turns this context's clock forward. */
  readonly advance: (ms: number) => void;
  /** Another replica on the same database (PostgreSQL only). */
  readonly replica: () => Promise<TestContext>;
};

const config: ControlConfig = {
  listen: { host: "127.0.0.1", port: 0 },
  metricsListen: { host: "127.0.0.1", port: 0 },
  publicUrl: "http://127.0.0.1:7070",
  tls: undefined,
  trustedProxies: [],
  dataDir: "/nonexistent",
  database: { kind: "sqlite", file: ":memory:" },
  keyFile: { path: "/nonexistent/control.key", mayBeMade: false },
  agreementFile: undefined,
  signup: "code",
  orgCreation: "trusted",
  signIns: [],
  deviceCodeTtl: 600,
  deviceInterval: 5,
  accessTokenTtl: 600,
  retryWindow: 60,
};

/** Fails a test that breaks a connection unseen. */
const onError = (error: unknown): void => {
  if (error instanceof Error && /terminating connection|Connection terminated/.test(error.message)) return;
  throw error;
};

async function openStore(dialect: Dialect): Promise<{ readonly store: Store; readonly url: string | undefined }> {
  if (dialect === "sqlite") {
    const store = openSqlite({ file: ":memory:" });
    await migrate(store, random);
    return { store, url: undefined };
  }
  const { url } = await createDatabase({
    template: {
      name: "control",
      prepare: async (template) => {
        const store = openPostgres({ url: template, onError });
        await migrate(store, random);
        await store.close();
      },
    },
  });
  return { store: openPostgres({ url, onError }), url };
}

/** Closed when the test ends. */
export async function createTestContext(dialect: Dialect, settings: Partial<ControlConfig> = {}): Promise<TestContext> {
  const { store, url } = await openStore(dialect);
  const masterKey = random.bytes(32);

  const make = async (opened: Store): Promise<TestContext> => {
    const real = createClock();
    let ahead = 0;
    const clock = { now: () => real.now() + ahead, sleep: real.sleep };
    const log = createLog({ level: "error", format: "text", program: "test" });
    const metrics = createMetrics();
    const audit = createAuditLog({ clock, random, log });
    const events = await createEvents({ store: opened, log });
    onEnd(async () => {
      await events.close();
      await opened.close();
    });
    return {
      config: { ...config, ...settings },
      clock,
      random,
      log,
      store: opened,
      secrets: createSecrets(masterKey),
      passwords: createPasswords({ random, cost: { ln: 4, r: 8, p: 1 } }),
      limits: createLimits({ store: opened, clock, metrics, audit }),
      audit,
      events,
      metrics,
      controlPlaneId: await readControlPlaneId(opened),
      advance: (ms) => (ahead += ms),
      replica: () => {
        if (url === undefined) throw new Error("SQLite has no replicas");
        return make(openPostgres({ url, onError }));
      },
    };
  };
  return make(store);
}

export type Person = PersonActor & { readonly name: string };

let people = 0;

/** An account as if it had signed in on a terminal, at an address of its own. */
export async function addPerson(
  { store, clock }: ControlContext,
  options: { readonly origin?: Accounts["origin"]; readonly scope?: PeopleScope; readonly name?: string } = {},
): Promise<Person> {
  const accountId: AccountId = createAccountId((limit) => random.below(limit));
  people += 1;
  const name = options.name ?? `Person ${String(people)}`;
  await store.transaction((tx) =>
    insertAccount(tx, {
      id: accountId,
      name,
      created_at: clock.now(),
      origin: options.origin ?? "invitation",
      disabled_at: null,
    }),
  );
  return {
    kind: "person",
    accountId,
    scope: options.scope ?? "people",
    sessionId: random.uuid(),
    address: `192.0.2.${String(people % 250)}`,
    name,
  };
}

export type AskingNode = {
  readonly key: KeyPair;
  readonly nodeId: NodeId;
  readonly requestId: string;
  /** As it is shown. */
  readonly userCode: string;
  readonly number: string;
};

/** A node's live request, as the device authorization endpoint leaves it. */
export async function addRequest(
  { store, clock, secrets, config: { deviceCodeTtl } }: ControlContext,
  options: { readonly key?: KeyPair } & Partial<DeviceRequests> = {},
): Promise<AskingNode> {
  const { key = generateKeyPair(), ...columns } = options;
  const code = createUserCode((limit) => random.below(limit));
  const row: DeviceRequests = {
    id: random.uuid(),
    device_code_hash: secrets.hash(random.token(32)),
    user_code_lookup: secrets.lookup("user_code", code),
    client_id: clients.node,
    dpop_jkt: key.thumbprint,
    public_jwk: JSON.stringify(key.publicJwk),
    scope: "node",
    number: "42",
    state: "pending",
    wrong_numbers: 0,
    node_name: "builder",
    node_version: "0.1.0",
    node_os: "linux",
    expected_org: null,
    org_hint: null,
    address: "198.51.100.7",
    agent: "jitnoded",
    created_at: clock.now(),
    expires_at: clock.now() + deviceCodeTtl * 1000,
    interval_ms: 5000,
    last_polled_at: null,
    decided_at: null,
    decided_by: null,
    binding_id: null,
    session_id: null,
    redeemed_at: null,
    ...columns,
  };
  if (!(await store.transaction((tx) => insertDeviceRequest(tx, row)))) throw new Error("the request was refused");
  return {
    key,
    nodeId: nodeIdOf(key.thumbprint),
    requestId: row.id,
    userCode: formatCode(code),
    number: row.number,
  };
}

export const nodeActor = ({ key, nodeId }: Pick<AskingNode, "key" | "nodeId">, expiresAt?: number): NodeActor => ({
  kind: "node",
  nodeId,
  thumbprint: key.thumbprint,
  address: "198.51.100.7",
  ...(expiresAt === undefined ? {} : { expiresAt }),
});

/** A distinct request; `key` for one that comes again. */
export const once = (body: unknown = null, key: string = random.token(18), path = "/test"): Repeat => ({
  key,
  method: "POST",
  path,
  body,
});

export const someBindingCode = (): string => formatCode(createBindingCode((limit) => random.below(limit)));

/** The code with which the call was refused, or "ok". What is no refusal fails the test. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof JitnodeError && isErrorCode(error.code) && error.code !== "internal_error") return error.code;
    throw error;
  }
}

/** Actions of the audit log in order, of one organization or all. */
export async function auditActions({ store }: ControlContext, orgId?: string): Promise<readonly string[]> {
  let query = store.db.selectFrom("audit").select("action").orderBy("at").orderBy("id");
  if (orgId !== undefined) query = query.where("org_id", "=", orgId);
  return (await query.execute()).map((row) => row.action);
}

/**
 * PostgreSQL only: runs `first` in a transaction, starts `others` and lets the transaction commit once all of them wait
 * for a row that it holds. So an order that otherwise needs luck happens every time.
 */
export async function behind<T>(
  { store, clock }: ControlContext,
  first: (tx: Tx) => Promise<unknown>,
  others: readonly (() => Promise<T>)[],
): Promise<readonly T[]> {
  const waiting = async (): Promise<number> => {
    const { rows } = await sql<{ readonly n: number }>`select count(*) as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(store.db);
    return Number(rows[0]?.n ?? 0);
  };
  const started: Promise<T>[] = [];
  await store.transaction(async (tx) => {
    await first(tx);
    started.push(...others.map((other) => other()));
    const until = clock.now() + 20_000;
    while ((await waiting()) < others.length && clock.now() < until) await clock.sleep(10);
  });
  return Promise.all(started);
}
