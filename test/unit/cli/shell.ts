// Owns running a piece of POSIX shell and reading what it prints.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export async function runInShell(script: string, shell = "/bin/sh"): Promise<string> {
  return (await promisify(execFile)(shell, ["-c", script], { env: { PATH: "/usr/bin:/bin" } })).stdout;
}
