// Owns what a series of sequences runs against: a started control plane on one of the databases (with
// a second replica on PostgreSQL), signed-in people, one
// real daemon. It lives for many sequences; each of them brings organizations and light nodes of its own.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onEnd } from "../support/cleanup.js";
import { createDatabase } from "../support/postgres.js";
import { runControl, startControl, startDaemon, type Control, type Daemon } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { openDatabase, type TestDatabase } from "./rows.js";
import { createPerson, type Person } from "./test-people.js";
import { createWire, fields, textOf, type Wire } from "./wire.js";

export type Dialect = "sqlite" | "postgres";

export type World = {
  readonly wire: Wire;
  readonly issuer: string;
  readonly database: TestDatabase;
  readonly people: readonly Person[];
  readonly agreement: string;
  control(): Control;
  restartControl(): Promise<void>;
  daemon(): Daemon;
  restartDaemon(): Promise<void>;
  /** An address that nobody has asked from. */
  address(): string;
};

export type WorldOptions = { readonly dialect: Dialect; readonly people: number };

export async function createWorld({ dialect, people }: WorldOptions): Promise<World> {
  const dataDir = temporaryFolder({ scope: "file" });
  const keyFile = join(dataDir, "master.key");
  writeFileSync(keyFile, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  const postgres = dialect === "postgres" ? await createDatabase({ scope: "file" }) : undefined;
  const settings = {
    scope: "file",
    dataDir,
    signup: "open",
    deviceInterval: "1",
    accessTokenTtl: "7200",
    env: { JITNODE_CONTROL_TRUSTED_PROXIES: "127.0.0.1", JITNODE_LOG_LEVEL: "warn" },
    ...(postgres === undefined ? {} : { databaseUrl: postgres.url, keyFile }),
  } as const;
  let control = await startControl(settings);
  const { port, metricsPort, url: issuer } = control;
  const database = await openDatabase(
    postgres === undefined ? { file: join(dataDir, "control.db") } : { url: postgres.url },
  );
  onEnd(() => database.close(), "file");

  let addresses = 0;
  const address = (): string => {
    addresses += 1;
    return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
  };
  // On PostgreSQL a second replica, so that the two halves of a flow meet different ones.
  const replica = postgres === undefined ? [] : [await startControl({ ...settings, publicUrl: issuer })];
  const wire = createWire({ urls: [issuer, ...replica.map(({ url }) => url)] });
  const newLink = async (command: "invite" | "setup-link"): Promise<string> => {
    const link = /https?:\/\/\S+/.exec((await runControl([command], { env: control.env })).stdout)?.[0];
    if (link === undefined) throw new Error(`jitnode-control ${command} printed no link`);
    return link;
  };
  const made: Person[] = [];
  for (let number = 0; number < people; number += 1) {
    const link = await newLink(number === 0 ? "setup-link" : "invite");
    made.push(await createPerson({ wire, issuer, address: address(), login: `person-${number}`, link }));
  }
  const [first] = made;
  if (first === undefined) throw new Error("a world needs people");
  const agreement = textOf(fields(await first.terminal.get("/v1/agreement")), "version");

  let daemon = await startDaemon({ scope: "file", server: issuer, env: { JITNODE_LOG_LEVEL: "warn" } });
  return {
    wire,
    issuer,
    database,
    people: made,
    agreement,
    control: () => control,
    async restartControl() {
      await control.kill();
      control = await startControl({ ...settings, port, metricsPort });
    },
    daemon: () => daemon,
    async restartDaemon() {
      const { stateDir } = daemon;
      await daemon.kill();
      daemon = await startDaemon({ scope: "file", server: issuer, stateDir, env: { JITNODE_LOG_LEVEL: "warn" } });
    },
    address,
  };
}
