// Folders that are nobody else's: made with mode 0700, and found again only if they still are.

import { lstatSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const temporaryFolder = (): string => tmpdir();

/** A new folder under `parent` with a name that cannot be guessed; undefined where none can be made. */
export function makeOwnFolder(parent: string, prefix: string): string | undefined {
  try {
    return mkdtempSync(join(parent, prefix));
  } catch {
    return undefined;
  }
}

export function isOwnFolder(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
