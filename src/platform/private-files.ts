// Files and folders that belong to one user alone: claiming a folder, reading a file that nobody else may read.

import { chmod, readdir, readFile, stat, unlink } from "node:fs/promises";
import { statSync } from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "./atomic-file.js";
import { makePrivateFolder } from "./folders.js";

/** Makes the folder, or closes the one that is there to others. One of somebody else's keeps the mode they gave it. */
export async function claimFolder(path: string): Promise<void> {
  await makePrivateFolder(path, 0o700);
  await chmod(path, 0o700).catch((error: unknown) => {
    if (systemErrorCode(error) !== "EPERM") throw error;
  });
}

export type PrivateFile =
  | { readonly kind: "read"; readonly content: string }
  | { readonly kind: "missing" }
  /** Its mode lets others read or change it. */
  | { readonly kind: "exposed" };

export async function readPrivateFile(path: string): Promise<PrivateFile> {
  try {
    const content = await readFile(path, "utf8");
    return ((await stat(path)).mode & 0o077) === 0 ? { kind: "read", content } : { kind: "exposed" };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return { kind: "missing" };
    throw error;
  }
}

/** What ./atomic-file leaves behind when its process is killed. Only for whoever alone writes to the folder. */
export async function removeHalfWritten(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^\.[0-9a-f]{16}\.tmp$/.test(name)) await unlink(join(folder, name)).catch(() => undefined);
  }
}

/** In bytes; undefined where there is no such file. */
export const fileSize = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;
