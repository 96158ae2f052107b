// Owns running things as somebody without rights. Root ignores mode bits, so tests of permissions run the real program
// as an account that needs no entry in any user database; under a normal user they run as that user.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onEnd } from "./cleanup.js";
import { checkout } from "./checkout.js";
import { makeFolder } from "./temporary.js";

export type User = { readonly uid: number; readonly gid: number };

const nobody: User = { uid: 65534, gid: 65534 };

/** The account for unprivileged programs: 65534 where the suite is root, else undefined (the suite's own). */
export function unprivileged(): User | undefined {
  return process.getuid?.() === 0 ? nobody : undefined;
}

function canRun(user: User, node: string, root: string): boolean {
  const script = `require("node:fs").readFileSync(${JSON.stringify(join(root, "package.json"))})`;
  return spawnSync(node, ["-e", script], { ...user, cwd: "/", env: {} }).status === 0;
}

/** Folders under node_modules that the programs need at run time, from the lockfile: those not marked as `dev`. */
function runtimePackages(root: string): readonly string[] {
  const lock: unknown = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const { packages } = lock as { readonly packages: Readonly<Record<string, { readonly dev?: boolean }>> };
  return Object.entries(packages).flatMap(([path, entry]) => (path === "" || entry.dev === true ? [] : [path]));
}

const copies = new Map<string, { readonly root: string; readonly node: string }>();

/**
 * Where an account can read the programs and Node. The checkout itself if it may; a copy if the checkout lies under a
 * folder that is closed to others (a home folder of mode 0700).
 */
export function readableCheckout(
  user: User | undefined,
  root = checkout(),
): { readonly root: string; readonly node: string } {
  if (user === undefined || canRun(user, process.execPath, root)) return { root, node: process.execPath };
  const known = copies.get(root);
  if (known !== undefined) return known;
  const folder = makeFolder({ mode: 0o755 });
  onEnd(() => {
    folder.remove();
    copies.delete(root);
  }, "file");
  const copy = { root: join(folder.path, "c"), node: join(folder.path, "node") };
  cpSync(process.execPath, copy.node);
  const parts = ["package.json", "package-lock.json", "bin", "dist", "schemas"].filter((part) =>
    existsSync(join(root, part)),
  );
  for (const part of [...parts, ...runtimePackages(root).filter((path) => existsSync(join(root, path)))]) {
    // A nested package comes along with the one around it.
    if (existsSync(join(copy.root, part))) continue;
    cpSync(join(root, part), join(copy.root, part), { recursive: true, dereference: true });
  }
  if (!canRun(user, copy.node, copy.root)) throw new Error(`${dirname(copy.root)} is not readable by uid ${user.uid}`);
  copies.set(root, copy);
  return copy;
}
