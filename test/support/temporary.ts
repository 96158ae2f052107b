// Owns temporary folders: short paths (a Unix socket's path ends at 108 bytes), 0700, removed at the end.
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEnd, type Scope } from "./cleanup.js";
import { guardFolder } from "./guarded.js";
import type { User } from "./other-user.js";

export type FolderOptions = {
  readonly scope?: Scope;
  /** Given to this account; only where the suite runs as root. */
  readonly owner?: User | undefined;
  readonly mode?: number;
};

export type Folder = { readonly path: string; readonly remove: () => void };

/** A folder that whoever asks removes; the guard removes it if this process dies first. */
export function makeFolder(options: FolderOptions = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), "jn-"));
  const release = guardFolder(path);
  if (options.owner !== undefined) chownSync(path, options.owner.uid, options.owner.gid);
  if (options.mode !== undefined) chmodSync(path, options.mode);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      release();
    },
  };
}

/** The path of a new folder, removed when the test (or the file) ends. */
export function temporaryFolder(options: FolderOptions = {}): string {
  const { path, remove } = makeFolder(options);
  onEnd(remove, options.scope);
  return path;
}
