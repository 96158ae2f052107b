// Owns starting real programs as child processes: what they print, how they end, and that none outlives its test.
import { spawn, type ChildProcess } from "node:child_process";
import { dirname } from "node:path";
import { onEnd, type Scope } from "./cleanup.js";
import { guardGroup } from "./guarded.js";
import { readableNode, type User } from "./other-user.js";
import { temporaryFolder } from "./temporary.js";

export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ProgramOptions = {
  /** What messages about it call it. */
  readonly name: string;
  /** The executable; this Node by default. */
  readonly command?: string;
  readonly args: readonly string[];
  /** Added to the minimal environment; `undefined` takes a variable away. Nothing of the suite's own is passed on. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Its standard input, closed after that; empty by default. "open": the test writes to `child.stdin`. */
  readonly stdin?: string | "open";
  readonly user?: User | undefined;
  /** Bytes a file may grow to (a full disk's nearest relative): RLIMIT_FSIZE, in steps of 512. */
  readonly fileSizeLimit?: number;
  readonly scope?: Scope;
};

export type Program = {
  readonly name: string;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The first line, printed already or later, on either output, that matches. */
  readonly waitForLog: (what: RegExp | ((line: string) => boolean), timeoutMs?: number) => Promise<string>;
  /** To the program alone; to it and everything it started with `signalGroup`, as a terminal's Ctrl-C does. */
  readonly signal: (name: NodeJS.Signals) => void;
  readonly signalGroup: (name: NodeJS.Signals) => void;
  /** Also resolves when it was killed; stdout and stderr are complete by then. */
  readonly exited: Promise<Ending>;
  /** Whether it has ended. */
  readonly ended: () => boolean;
  /** SIGKILL to it and everything it started, and waits. What happens at the end of the test anyway. */
  readonly kill: () => Promise<void>;
};

/**
 * PATH, HOME and LANG, and nothing else: no developer's setting may change a result. What Node.js has compiled for the
 * suite (shared-server) does not.
 */
export function minimalEnvironment(home: string): Readonly<Record<string, string>> {
  const compiled = process.env["NODE_COMPILE_CACHE"];
  return {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    LANG: "C.UTF-8",
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
  };
}

type Watcher = { readonly matches: (line: string) => boolean; readonly found: (line: string) => void };

/** Cuts what arrives into lines, keeps all of it, and tells those who wait. */
function createOutput(watchers: Set<Watcher>): {
  text: string;
  lines: string[];
  take: (part: string) => void;
  end: () => void;
} {
  let rest = "";
  const output = { text: "", lines: [] as string[], take, end };
  function line(text: string): void {
    output.lines.push(text);
    for (const watcher of [...watchers]) if (watcher.matches(text)) watcher.found(text);
  }
  function take(part: string): void {
    output.text += part;
    const pieces = (rest + part).split("\n");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) line(piece);
  }
  function end(): void {
    if (rest !== "") line(rest);
    rest = "";
  }
  return output;
}

export function startProgram(options: ProgramOptions): Program {
  const { name, scope, user, fileSizeLimit } = options;
  const command = options.command ?? readableNode(user);
  const home = options.env?.["HOME"] ?? temporaryFolder({ owner: user, ...(scope === undefined ? {} : { scope }) });
  const wanted = { ...minimalEnvironment(home), ...options.env };
  const env = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  const [file, ...args] =
    fileSizeLimit === undefined
      ? [command, ...options.args]
      : ["/bin/sh", "-c", `ulimit -f ${Math.ceil(fileSizeLimit / 512)}; exec "$@"`, "sh", command, ...options.args];

  // A process group of its own: whatever it starts in turn can be ended with it.
  const child = spawn(file ?? command, args, { ...user, cwd: options.cwd ?? home, env, stdio: "pipe", detached: true });
  const watchers = new Set<Watcher>();
  const outputs = { stdout: createOutput(watchers), stderr: createOutput(watchers) };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", outputs[stream].take).on("end", outputs[stream].end);
  }
  // A program that ends without reading its input is no failure of the test.
  child.stdin.on("error", () => undefined);
  if (options.stdin !== "open") child.stdin.end(options.stdin ?? "");

  const report = (): string =>
    `\n--- stdout of ${name}\n${outputs.stdout.text}\n--- stderr of ${name}\n${outputs.stderr.text}`;
  const exited = new Promise<Ending>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  // Those who await it hear of a failed start; nobody else needs to.
  exited.catch(() => undefined);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start: ${file} ${args.join(" ")}`);
  const release = guardGroup(pid);
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;

  function signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-Number(pid), signal);
    } catch {
      // Nothing of the group is left.
    }
  }

  async function kill(): Promise<void> {
    signalGroup("SIGKILL");
    await exited.catch(() => undefined);
    release();
  }
  onEnd(kill, scope);

  async function waitForLog(what: RegExp | ((line: string) => boolean), timeoutMs = 30_000): Promise<string> {
    const matches = typeof what === "function" ? what : (line: string): boolean => line.search(what) !== -1;
    const printed = [...outputs.stdout.lines, ...outputs.stderr.lines].find(matches);
    if (printed !== undefined) return printed;
    return await new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        watchers.delete(watcher);
      };
      const fail = (why: string): void => {
        stop();
        reject(new Error(`${name} ${why} before it printed ${String(what)}${report()}`));
      };
      const watcher: Watcher = {
        matches,
        found: (line) => {
          stop();
          resolve(line);
        },
      };
      const timer = setTimeout(() => fail(`was given ${timeoutMs} ms`), timeoutMs);
      watchers.add(watcher);
      exited.then(
        ({ code, signal }) => fail(`ended (${signal ?? code})`),
        (failure: unknown) => fail(String(failure)),
      );
    });
  }

  return {
    name,
    child,
    pid,
    stdout: () => outputs.stdout.text,
    stderr: () => outputs.stderr.text,
    waitForLog,
    signal: (signal) => void child.kill(signal),
    signalGroup,
    exited,
    ended,
    kill,
  };
}

/** Asks again and again until `ready` says yes; fails with the program's output when it ended or took too long. */
export async function waitUntil(program: Program, ready: () => Promise<boolean>, timeoutMs = 45_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await ready()) return;
    const late = performance.now() > deadline;
    if (program.ended() || late) {
      const why = late ? `was not ready within ${timeoutMs} ms` : "ended before it was ready";
      await program.kill();
      throw new Error(`${program.name} ${why}\n--- stdout\n${program.stdout()}\n--- stderr\n${program.stderr()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
