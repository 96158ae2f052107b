// Owns one lane: a port of its own and a prepared state (people signed in at terminals, an organization, a bound node)
// that every crash begins from. Preparing is dear and copying is cheap; lanes run beside each other.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { approveTerminal, createPerson, type Person } from "../property/test-people.js";
import { createWire } from "../property/wire.js";
import { freePort, runCli, runControl, startCli, startControl, startDaemon } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";

export type Lane = {
  readonly port: number;
  readonly metricsPort: number;
  readonly issuer: string;
  /** One folder for each of `parts`. */
  readonly prepared: string;
  readonly memberId: string;
};

/** The prepared organization. */
export const org = "acme";
/** The parts of a prepared state: data, and people's home folders. In `renewing` the access token is due to be renewed. */
export const parts = ["control", "node", "admin", "member", "renewing"] as const;
export type Part = (typeof parts)[number];

const times = { deviceInterval: "1", accessTokenTtl: "86400" } as const;

/** Fails with everything the command printed. */
async function cli(args: readonly string[], home: string, env: Readonly<Record<string, string | undefined>>) {
  const result = await runCli(args, { home, env });
  if (result.code === 0) return result.stdout;
  throw new Error(`jitnode ${args.join(" ")} ended with ${result.code}\n${result.stdout}\n${result.stderr}`);
}

/** `jitnode login`, and the person's browser beside it. */
export async function logIn(person: Person, home: string, env: Readonly<Record<string, string | undefined>>) {
  const login = startCli(["login"], { home, env });
  const link = /https?:\/\/\S+\/activate\S*/.exec(await login.waitForLog(/\/activate/))?.[0];
  const number = /\b(\d\d)\b/.exec(await login.waitForLog(/number/i))?.[1];
  if (link === undefined || number === undefined) throw new Error("jitnode login showed no link and number");
  const { pathname, search } = new URL(link);
  if (!(await approveTerminal(person)({ path: pathname + search, number })))
    throw new Error("the page did not approve");
  const { code } = await login.exited;
  if (code !== 0) throw new Error(`jitnode login ended with ${code}\n${login.stderr()}`);
}

export async function createLane(): Promise<Lane> {
  const prepared = temporaryFolder({ scope: "file" });
  const [port, metricsPort] = [await freePort(), await freePort()];
  const at = (part: Part): string => join(prepared, part);
  for (const part of parts) mkdirSync(at(part), { mode: 0o700 });
  const control = await startControl({ dataDir: at("control"), port, metricsPort, ...times });
  const issuer = control.url;
  const wire = createWire({ urls: [issuer] });
  const daemon = await startDaemon({ stateDir: at("node"), server: issuer });
  const env = { ...daemon.cliEnv, JITNODE_SERVER: issuer };

  const setup = /https?:\/\/\S+/.exec(await control.waitForLog(/\/set-up/))?.[0];
  const admin = await createPerson({ wire, issuer, address: "127.0.0.1", login: "admin", link: setup });
  const invitation = /https?:\/\/\S+/.exec((await runControl(["invite"], { env: control.env })).stdout)?.[0];
  const member = await createPerson({ wire, issuer, address: "127.0.0.1", login: "member", link: invitation });
  await logIn(admin, at("admin"), env);
  await cli(["activate", "--create-org", org, "--org-name", "Acme", "--accept-agreement"], at("admin"), env);
  const code = (await cli(["org", "code", "--org", org], at("admin"), env)).trim();
  await logIn(member, at("member"), { JITNODE_SERVER: issuer, JITNODE_SOCKET: join(prepared, "none") });
  const joining = await runCli(["org", "join", "--binding-code-file", "-"], {
    home: at("member"),
    env: { ...env, JITNODE_SOCKET: join(prepared, "none") },
    stdin: code,
  });
  if (joining.code !== 0) throw new Error(`joining ended with ${joining.code}\n${joining.stderr}`);

  for (const program of [daemon, control]) {
    program.signal("SIGTERM");
    await program.exited;
  }
  // The command line renews a token 20 s before its end, so this one at once.
  const hasty = await startControl({ dataDir: at("control"), port, metricsPort, ...times, accessTokenTtl: "15" });
  await logIn(admin, at("renewing"), { JITNODE_SERVER: issuer, JITNODE_SOCKET: join(prepared, "none") });
  hasty.signal("SIGTERM");
  await hasty.exited;
  wire.close();
  return { port, metricsPort, issuer, prepared, memberId: member.accountId };
}

/** A fresh copy of the prepared state. */
export function copyPrepared(lane: Lane): string {
  const folder = temporaryFolder();
  for (const part of parts) {
    cpSync(join(lane.prepared, part), join(folder, part), {
      recursive: true,
      filter: (source) => !source.endsWith(".sock"),
    });
  }
  return folder;
}
