// Owns talking to the Docker engine that answers: its command line, containers that none outlives its test file, and
// what they print.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { onEnd, type Scope } from "../support/cleanup.js";

export type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeout?: number;
};

/** Milliseconds; a minute is little for an engine that copies whole images on a busy machine. */
const patience = 120_000;

/** A command on this machine, to its end; its output as text. */
export function command(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(file, args, { cwd: options.cwd, env, timeout: options.timeout ?? patience });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
    child.stdin.on("error", () => undefined).end(options.stdin ?? "");
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** As `command`, and must end with 0. */
export async function succeed(file: string, args: readonly string[], options?: CommandOptions): Promise<string> {
  const result = await command(file, args, options);
  if (result.code === 0) return result.stdout;
  throw new Error(`${file} ${args.join(" ")} ended with ${result.code}\n${result.stdout}\n${result.stderr}`);
}

/** `docker ARGS`, whatever its end. */
export const docker = (args: readonly string[], options?: CommandOptions): Promise<Result> =>
  command("docker", args, options);

/** `docker ARGS`, which must end with 0: what it printed. */
export const dockerDoes = async (args: readonly string[], options?: CommandOptions): Promise<string> =>
  (await succeed("docker", args, options)).trim();

/** Its own answers to what Docker leaves open: manifests of Kubernetes, systemd as PID 1. */
export async function isPodman(): Promise<boolean> {
  const components = ["version", "--format", "{{range .Server.Components}}{{.Name}} {{end}}"];
  return (await dockerDoes(components)).includes("Podman");
}

/** A name that nothing else has. */
export const newName = (what: string): string => `jitnode-test-${what}-${randomBytes(4).toString("hex")}`;

export type Container = {
  readonly name: string;
  readonly logs: () => Promise<Result>;
  /** The first match in what it has printed or prints yet. */
  readonly waitForLog: (what: RegExp, timeoutMs?: number) => Promise<RegExpExecArray>;
  /** `docker exec NAME ARGS`. */
  readonly exec: (...args: readonly string[]) => Promise<Result>;
  /** Until the command in it ends with 0. */
  readonly until: (...args: readonly string[]) => Promise<Result>;
  /** Its exit code, once it has ended. */
  readonly wait: () => Promise<number>;
  /** `docker rm -f`. */
  readonly remove: () => Promise<void>;
};

export type RunOptions = {
  /** Arguments of `docker run` before the image. */
  readonly options?: readonly string[];
  /** Those after it. */
  readonly args?: readonly string[];
  readonly image?: string;
  readonly name?: string;
  readonly scope?: Scope;
};

export const image = (): string => {
  const name = process.env["JITNODE_IMAGE"];
  if (name === undefined) throw new Error("setup.ts names the image");
  return name;
};

/** `docker run -d`; removed with its anonymous volumes when the test (or the file) ends. */
export async function runContainer(run: RunOptions = {}): Promise<Container> {
  const name = run.name ?? newName("c");
  const container = containerOf(name);
  onEnd(container.remove, run.scope);
  await dockerDoes(["run", "-d", "--name", name, ...(run.options ?? []), run.image ?? image(), ...(run.args ?? [])]);
  return container;
}

export function containerOf(name: string): Container {
  const logs = (): Promise<Result> => docker(["logs", name]);
  const exec: Container["exec"] = (...args) => docker(["exec", name, ...args]);
  return {
    name,
    logs,
    exec,
    waitForLog: async (what, timeoutMs = patience) => {
      const found = await poll(async () => {
        const { stdout, stderr } = await logs();
        return what.exec(stdout) ?? what.exec(stderr) ?? undefined;
      }, timeoutMs);
      if (found !== undefined) return found;
      const { stdout, stderr } = await logs();
      throw new Error(`${name} never printed ${String(what)}\n${stdout}\n${stderr}`);
    },
    until: async (...args) => {
      let last: Result | undefined;
      const done = await poll(async () => {
        last = await exec(...args);
        return last.code === 0 ? last : undefined;
      }, patience);
      if (done !== undefined) return done;
      const { stdout, stderr } = await logs();
      throw new Error(`${args.join(" ")} never succeeded: ${JSON.stringify(last)}\n${stdout}\n${stderr}`);
    },
    wait: async () => Number(await dockerDoes(["wait", name])),
    remove: async () => void (await docker(["rm", "-f", "-v", name])),
  };
}

/** One container to its end. Not by `docker run --rm`: an engine may forget the exit code with the container. */
export async function runOnce(options: readonly string[], args: readonly string[], name = image()): Promise<Result> {
  const container = newName("once");
  try {
    return await docker(["run", "--name", container, ...options, name, ...args]);
  } finally {
    await docker(["rm", "-f", container]);
  }
}

export async function createVolume(scope?: Scope): Promise<string> {
  const name = newName("v");
  await dockerDoes(["volume", "create", name]);
  onEnd(async () => void (await docker(["volume", "rm", "-f", name])), scope);
  return name;
}

export async function createNetwork(scope?: Scope): Promise<string> {
  const name = newName("n");
  await dockerDoes(["network", "create", name]);
  onEnd(async () => void (await docker(["network", "rm", name])), scope);
  return name;
}

/** What `ask` gives as soon as it is not undefined; undefined when that takes too long. */
export async function poll<T>(ask: () => Promise<T | undefined>, timeoutMs: number): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}
