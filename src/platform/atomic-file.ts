// Files that are either the old or the new content, whatever is killed in between: temporary file, fsync, rename,
// fsync of the folder.

import { constants, existsSync, readFileSync } from "node:fs";
import { access, copyFile, link, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";

/** Node.js' error code of a failed system call ("ENOENT"), if it is one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeTemporary(path: string, content: string | Uint8Array, mode: number): Promise<string> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString("hex")}.tmp`);
  const handle = await open(temporary, "wx", mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await handle.close();
  return temporary;
}

/** Replaces the file; it and its folder are on disk when this returns. */
export async function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = await writeTemporary(path, content, mode);
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the file, complete and on disk; false when there is one already, which stays as it is. */
export async function createFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): Promise<boolean> {
  const temporary = await writeTemporary(path, content, mode);
  try {
    await link(temporary, path);
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  await syncFolder(dirname(path));
  return true;
}

/** An empty file beside `path`, to be filled and then given its name by one of the functions below. */
export async function beginFile(path: string, mode = 0o600): Promise<string> {
  return await writeTemporary(path, "", mode);
}

/** Gives a file that was begun its name; false when there is one already, which stays as it is. */
export async function keepFile(temporary: string, path: string): Promise<boolean> {
  await syncFile(temporary);
  try {
    await link(temporary, path);
    await unlink(temporary);
  } catch (error) {
    const code = systemErrorCode(error) ?? "";
    if (code === "EEXIST") return false;
    // Shares of other systems have no hard links; then only the moment between the two calls is unguarded.
    if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS)$/.test(code)) throw error;
    if (existsSync(path)) return false;
    await rename(temporary, path);
  }
  await syncFolder(dirname(path));
  return true;
}

/** Puts a file that was begun in the place of `path`, whose old content stays as `aside`. There is always one of them. */
export async function swapFile(temporary: string, path: string, aside: string): Promise<void> {
  await syncFile(temporary);
  try {
    await link(path, aside);
  } catch (error) {
    if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS)$/.test(systemErrorCode(error) ?? "")) throw error;
    await copyFile(path, aside, constants.COPYFILE_EXCL);
    await syncFile(aside);
  }
  await syncFolder(dirname(path));
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Another name in the same folder; nothing where there is no such file. */
export async function moveIfThere(path: string, to: string): Promise<void> {
  await rename(path, to).catch((error: unknown) => {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  });
}

/** What was begun and is not wanted any more. */
export async function dropFile(temporary: string): Promise<void> {
  await unlink(temporary).catch(() => undefined);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDWR);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The content, or undefined when there is no such file. */
export async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** For what a program reads once before it does anything else; throws as Node.js does. */
export const readTextAtStart = (path: string): string => readFileSync(path, "utf8");

/** Throws the system's error where files cannot be made in this folder; a full disk shows only when they are. */
export const checkWritable = (folder: string): Promise<void> => access(folder, constants.W_OK | constants.X_OK);
