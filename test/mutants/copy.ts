// Owns a copy of the checkout with changes in its source, built: what JITNODE_TEST_ROOT then names.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../support/checkout.js";
import { temporaryFolder } from "../support/temporary.js";
import type { Change } from "./mutants.js";

const copied = ["bin", "src", "schemas", "package.json", "package-lock.json", "tsconfig.json"] as const;

function apply(root: string, { file, find, replace }: Change): void {
  const path = join(root, file);
  const source = readFileSync(path, "utf8");
  const count = source.split(find).length - 1;
  if (count !== 1) throw new Error(`${file} holds the text to change ${count} times instead of once:\n${find}`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
}

/** Its folder, removed at the end of the test. Throws when the changed source does not compile: that proves nothing. */
export function buildCopy(changes: readonly Change[]): string {
  const from = checkout();
  const root = temporaryFolder({ mode: 0o755 });
  for (const part of copied.filter((each) => existsSync(join(from, each)))) {
    cpSync(join(from, part), join(root, part), { recursive: true });
  }
  symlinkSync(join(from, "node_modules"), join(root, "node_modules"));
  for (const change of changes) apply(root, change);
  const tsc = join(from, "node_modules", "typescript", "bin", "tsc");
  const built = spawnSync(process.execPath, [tsc, "-p", "tsconfig.json"], { cwd: root, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the copy does not compile:\n${built.stdout}${built.stderr}`);
  return root;
}
