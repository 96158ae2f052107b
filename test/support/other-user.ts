// Owns running things as somebody without rights. Root ignores mode bits, so tests of permissions run the real program
// as an account that needs no entry in any user database; under a normal user they run as that user.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onEnd } from "./cleanup.js";
import { checkout } from "./checkout.js";
import { makeFolder } from "./temporary.js";

export type User = { readonly uid: number; readonly gid: number };

const nobody: User = { uid: 65534, gid: 65534 };

/** The account for unprivileged programs: 65534 where the suite is root, else undefined (the suite's own). */
export function unprivileged(): User | undefined {
  return process.getuid?.() === 0 ? nobody : undefined;
}

function succeeds(user: User, node: string, script: string): boolean {
  return spawnSync(node, ["-e", script], { ...user, cwd: "/", env: {} }).status === 0;
}

/** Packages that the programs need at run time, from the lockfile: those not marked as `dev`. */
function runtimePackages(root: string): readonly string[] {
  const file = join(root, "package-lock.json");
  if (!existsSync(file)) return [];
  const lock: unknown = JSON.parse(readFileSync(file, "utf8"));
  const { packages } = lock as { readonly packages: Readonly<Record<string, { readonly dev?: boolean }>> };
  return Object.entries(packages).flatMap(([path, entry]) => (path === "" || entry.dev === true ? [] : [path]));
}

const copies = new Map<string, string>();

/** What `fill` puts into a folder open to everybody, made once per test file. */
function copied(key: string, fill: (folder: string) => void): string {
  const known = copies.get(key);
  if (known !== undefined) return known;
  const { path, remove } = makeFolder({ mode: 0o755 });
  onEnd(() => {
    copies.delete(key);
    remove();
  }, "file");
  fill(path);
  copies.set(key, path);
  return path;
}

/** This Node, or a copy of it if it lies under a folder closed to that account (a home folder of mode 0700). */
export function readableNode(user: User | undefined): string {
  if (user === undefined || succeeds(user, process.execPath, "")) return process.execPath;
  return join(
    copied("node", (folder) => cpSync(process.execPath, join(folder, "node"))),
    "node",
  );
}

/** The checkout under test, or likewise a copy of what its programs need. */
export function readableCheckout(user: User | undefined): string {
  const root = checkout();
  const reads = (path: string): string =>
    `require("node:fs").readFileSync(${JSON.stringify(join(path, "package.json"))})`;
  if (user === undefined || succeeds(user, readableNode(user), reads(root))) return root;
  return copied(root, (folder) => {
    const parts = ["package.json", "bin", "dist", "schemas", ...runtimePackages(root)];
    for (const part of parts.filter((path) => existsSync(join(root, path)))) {
      // A package inside another one came along with it.
      if (!existsSync(join(folder, part))) cpSync(join(root, part), join(folder, part), { recursive: true });
    }
  });
}
