// Owns starting jitnode's own programs, from bin/, with everything they touch in temporary folders.
import { readFileSync } from "node:fs";
import { request as plainRequest, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import { join } from "node:path";
import type { Scope } from "./cleanup.js";
import { readableCheckout, type User } from "./other-user.js";
import { freePort } from "./ports.js";
import { startProgram, waitUntil, type Ending, type Program, type ProgramOptions } from "./program.js";
import { temporaryFolder } from "./temporary.js";

export { freePort } from "./ports.js";
export { startProgram, waitUntil, type Ending, type Program, type ProgramOptions } from "./program.js";

export type ProgramName = "jitnode" | "jitnoded" | "jitnode-control";
type Environment = Readonly<Record<string, string | undefined>>;

type Common = {
  readonly env?: Environment;
  /** Further arguments. */
  readonly args?: readonly string[];
  readonly user?: User | undefined;
  readonly fileSizeLimit?: number;
  readonly scope?: Scope;
  /** false: returns at once, for starts that are meant to fail. */
  readonly wait?: boolean;
};

/** Starts one of the programs of the checkout under test; for everything that the functions below do not cover. */
export function startJitnode(
  program: ProgramName,
  args: readonly string[],
  options: Omit<ProgramOptions, "name" | "args" | "command"> & { readonly name?: string } = {},
): Program {
  const file = join(readableCheckout(options.user), "bin", `${program}.js`);
  return startProgram({ name: program, ...options, args: [file, ...args] });
}

/** The status of a GET, or undefined where nobody answers. */
async function status(
  url: string | undefined,
  options: RequestOptions & { readonly ca?: Buffer },
): Promise<number | undefined> {
  const request = url?.startsWith("https:") === true ? secureRequest : plainRequest;
  return await new Promise((resolve) => {
    const answered = (response: { readonly statusCode?: number | undefined; resume: () => void }): void => {
      response.resume();
      resolve(response.statusCode);
    };
    const settings = { ...options, agent: false, timeout: 10_000 };
    const call = url === undefined ? request(settings, answered) : request(url, settings, answered);
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(undefined));
    call.end();
  });
}

function defined(values: Environment): Environment {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Options shared by all three, in the form `startProgram` takes them. */
function shared(options: Common): Pick<ProgramOptions, "user" | "fileSizeLimit" | "scope"> {
  return {
    user: options.user,
    ...(options.fileSizeLimit === undefined ? {} : { fileSizeLimit: options.fileSizeLimit }),
    ...(options.scope === undefined ? {} : { scope: options.scope }),
  };
}

function folderFor(options: Common): string {
  return temporaryFolder({ owner: options.user, ...(options.scope === undefined ? {} : { scope: options.scope }) });
}

export type ControlOptions = Common & {
  /** An existing one, to start again on the same data; new by default. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly metricsPort?: number;
  readonly databaseUrl?: string;
  readonly keyFile?: string;
  readonly publicUrl?: string;
  /** Served over TLS with these files; the readiness check trusts `certFile`. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly signup?: "invited" | "code" | "open";
  readonly orgCreation?: "trusted" | "all";
  /** As the settings take them, "2s" or "2": handed through unchanged. */
  readonly deviceCodeTtl?: string;
  readonly deviceInterval?: string;
  readonly accessTokenTtl?: string;
  readonly retryWindow?: string;
};

export type Control = Program & {
  /** Where it listens: `http://127.0.0.1:PORT`, or https with `tls`. */
  readonly url: string;
  readonly metricsUrl: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly dataDir: string;
  /** Its environment, for `runControl` on the same data and for starting it again. */
  readonly env: Environment;
};

/** `jitnode-control serve`, ready when GET /health/live answers 200. */
export async function startControl(options: ControlOptions = {}): Promise<Control> {
  const dataDir = options.dataDir ?? folderFor(options);
  const port = options.port ?? (await freePort());
  const metricsPort = options.metricsPort ?? (await freePort());
  const env = defined({
    JITNODE_CONTROL_LISTEN: `127.0.0.1:${port}`,
    JITNODE_CONTROL_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
    JITNODE_CONTROL_DATA_DIR: dataDir,
    JITNODE_CONTROL_DATABASE_URL: options.databaseUrl,
    JITNODE_CONTROL_KEY_FILE: options.keyFile,
    JITNODE_CONTROL_PUBLIC_URL: options.publicUrl,
    JITNODE_CONTROL_TLS_CERT_FILE: options.tls?.certFile,
    JITNODE_CONTROL_TLS_KEY_FILE: options.tls?.keyFile,
    JITNODE_CONTROL_SIGNUP: options.signup,
    JITNODE_CONTROL_ORG_CREATION: options.orgCreation,
    JITNODE_CONTROL_DEVICE_CODE_TTL: options.deviceCodeTtl,
    JITNODE_CONTROL_DEVICE_INTERVAL: options.deviceInterval,
    JITNODE_CONTROL_ACCESS_TOKEN_TTL: options.accessTokenTtl,
    JITNODE_CONTROL_RETRY_WINDOW: options.retryWindow,
    ...options.env,
  });
  const program = startJitnode("jitnode-control", ["serve", ...(options.args ?? [])], {
    ...shared(options),
    name: `jitnode-control:${port}`,
    env,
  });
  const url = `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  if (options.wait !== false) {
    const trust = options.tls === undefined ? {} : { ca: readFileSync(options.tls.certFile) };
    await waitUntil(program, async () => (await status(`${url}/health/live`, trust)) === 200);
  }
  return { ...program, url, metricsUrl: `http://127.0.0.1:${metricsPort}`, port, metricsPort, dataDir, env };
}

export type DaemonOptions = Common & {
  /** The control plane's URL; none by default. */
  readonly server?: string;
  /** An existing one, to start again as the same node; new by default. */
  readonly stateDir?: string;
  /** In the state directory by default. */
  readonly socket?: string;
  readonly nodeName?: string;
  /** JITNODE_ORG. */
  readonly org?: string;
};

export type Daemon = Program & {
  readonly socket: string;
  readonly stateDir: string;
  /** What a command line needs to speak for this node: hand it to `runCli`. */
  readonly cliEnv: Environment;
};

/** `jitnoded`, ready when its socket answers GET /v1/health/live. */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const stateDir = options.stateDir ?? folderFor(options);
  const socket = options.socket ?? join(stateDir, "jitnoded.sock");
  const cliEnv = { JITNODE_SOCKET: socket, JITNODE_STATE_DIR: stateDir };
  const program = startJitnode("jitnoded", options.args ?? [], {
    ...shared(options),
    env: defined({
      ...cliEnv,
      JITNODE_SERVER: options.server,
      JITNODE_NAME: options.nodeName,
      JITNODE_ORG: options.org,
      ...options.env,
    }),
  });
  if (options.wait !== false) {
    const asked = { socketPath: socket, path: "/v1/health/live", headers: { host: "jitnoded" } };
    await waitUntil(program, async () => (await status(undefined, asked)) === 200);
  }
  return { ...program, socket, stateDir, cliEnv };
}

export type CliOptions = {
  /** The person's home folder: sessions and preferences lie there. New (nobody signed in) by default. */
  readonly home?: string;
  readonly env?: Environment;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly user?: User | undefined;
  /** Milliseconds; killed and failed after that. */
  readonly timeout?: number;
};

export type Result = Ending & { readonly stdout: string; readonly stderr: string };

async function run(program: Program, timeout = 60_000): Promise<Result> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    program.signalGroup("SIGKILL");
  }, timeout);
  const ending = await program.exited;
  clearTimeout(timer);
  const result = { ...ending, stdout: program.stdout(), stderr: program.stderr() };
  if (!late) return result;
  throw new Error(
    `${program.name} took over ${timeout} ms\n--- stdout\n${result.stdout}\n--- stderr\n${result.stderr}`,
  );
}

function commandOptions(options: CliOptions): Omit<ProgramOptions, "name" | "args" | "command"> {
  return {
    env: { ...options.env, ...(options.home === undefined ? {} : { HOME: options.home }) },
    user: options.user,
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
}

/** A command still running, to look at what it prints or to send it a signal. */
export function startCli(args: readonly string[], options: CliOptions = {}): Program {
  return startJitnode("jitnode", args, { ...commandOptions(options), name: `jitnode ${args.join(" ")}` });
}

/** `jitnode ARGS`, to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<Result> {
  return await run(startCli(args, options), options.timeout);
}

/** `jitnode-control ARGS`, to its end; `env` of a started control plane makes it work on the same data. */
export async function runControl(args: readonly string[], options: CliOptions = {}): Promise<Result> {
  const name = `jitnode-control ${args.join(" ")}`;
  return await run(startJitnode("jitnode-control", args, { ...commandOptions(options), name }), options.timeout);
}
