// Folders with their parents, like `mkdir -p`. Node.js's own way of it never ends where a folder that is there takes no
// other one (/proc).

import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "./atomic-file.js";

/** Returns the first one that was made, undefined where all were there. Throws as Node.js does. */
export function makeFolders(path: string, mode: number): string | undefined {
  try {
    mkdirSync(path, { mode });
    return path;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EEXIST" && statSync(path).isDirectory()) return undefined;
    const parent = dirname(path);
    if (code !== "ENOENT" || existsSync(parent)) throw error;
    const first = makeFolders(parent, mode);
    return makeFolders(path, mode) === undefined ? first : (first ?? path);
  }
}

/** A folder of one's own, and its parents. */
export async function makePrivateFolder(path: string, mode = 0o700): Promise<void> {
  makeFolders(path, mode);
}
