// Owns the test process' side of the guard: what is registered here ends with this process, also after SIGKILL.
import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

// One guard per test process, started when the first thing needs it. (Tests may hold state of their process.)
let guard: Writable | undefined;

function guardInput(): Writable {
  if (guard !== undefined) return guard;
  const program = fileURLToPath(new URL("./guard.ts", import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
    env: {},
  });
  child.unref();
  // A dying test process may find the pipe closed already; then there is nobody to tell.
  child.stdin.on("error", () => undefined);
  if ("unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  guard = child.stdin;
  return guard;
}

function watch(what: {
  readonly group?: number;
  readonly signal?: NodeJS.Signals;
  readonly folder?: string;
}): () => void {
  guardInput().write(`${JSON.stringify({ do: "watch", ...what })}\n`);
  return () => {
    guardInput().write(`${JSON.stringify({ do: "release", ...what })}\n`);
  };
}

/** Ends the process group led by `pid` when this process is gone; the returned function lets go of it. */
export function guardGroup(pid: number, signal: NodeJS.Signals = "SIGKILL"): () => void {
  return watch({ group: pid, signal });
}

/** Removes the folder when this process is gone; the returned function lets go of it. */
export function guardFolder(folder: string): () => void {
  return watch({ folder });
}
