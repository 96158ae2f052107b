// Reading files with care: is there one, and who else could have read it.

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { systemErrorCode } from "./atomic-file.js";

/** False also for what this user may not look at; `assertReadable` tells them apart. */
export const isThere = (path: string): boolean => existsSync(path);

/** Throws the system's error. */
export const assertReadable = (path: string): void => accessSync(path, constants.R_OK);

/** A file that can hold something: no folder, no device. */
export const isRegularFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

export type PrivateFile =
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly cause: unknown }
  /** Group or others may read or write it. */
  | { readonly kind: "exposed" }
  | { readonly kind: "text"; readonly text: string };

const othersMayUse = 0o066;
/** Container engines put secrets there, often as 0444 and root's; within a container there is nobody else to read them. */
const secretsOfEngine = "/run/secrets/";
const othersMayChange = 0o022;

/** At most `limit` bytes; what is longer is cut, since no secret is. The mode is that of the very file that is read. */
export async function readPrivateFile(path: string, limit = 4096): Promise<PrivateFile> {
  try {
    const handle = await open(path, constants.O_RDONLY);
    try {
      const forbidden = path.startsWith(secretsOfEngine) ? othersMayChange : othersMayUse;
      if (((await handle.stat()).mode & forbidden) !== 0) return { kind: "exposed" };
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(limit), 0, limit, 0);
      return { kind: "text", text: buffer.toString("utf8", 0, bytesRead) };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    return systemErrorCode(cause) === "ENOENT" ? { kind: "missing" } : { kind: "unreadable", cause };
  }
}
