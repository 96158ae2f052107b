// The key file: base64 of 32 bytes, for its owner alone. Read with care, made once, never overwritten.

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { createFileAtomic, makePrivateFolder, systemErrorCode } from "../platform/atomic-file.js";
import type { Random } from "../platform/random.js";
import { JitnodeError } from "../protocol/errors.js";
import { masterKeyBytes } from "./services/secrets.js";

const othersMayUse = 0o066;
const sizeLimit = 1024;

/** The master key; a missing file is made where that is allowed (the first start with SQLite). */
export async function loadKeyFile(
  file: { readonly path: string; readonly mayBeMade: boolean },
  random: Random,
): Promise<Buffer> {
  const there = await readKeyFile(file.path);
  if (there !== undefined) return there;
  if (!file.mayBeMade) throw unreadable(file.path, "There is no such file.");
  await makePrivateFolder(dirname(file.path));
  await createFileAtomic(file.path, `${random.bytes(masterKeyBytes).toString("base64")}\n`, 0o600);
  // Read back: another process may have been first, and then its key is the one.
  const made = await readKeyFile(file.path);
  if (made === undefined) throw unreadable(file.path, "There is no such file.");
  return made;
}

/** Undefined when there is no such file. */
export async function readKeyFile(path: string): Promise<Buffer | undefined> {
  const handle = await open(path, constants.O_RDONLY).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw unreadable(path, "It cannot be opened.", error);
  });
  if (handle === undefined) return undefined;
  try {
    const { mode, size } = await handle.stat();
    if ((mode & othersMayUse) !== 0) {
      throw new JitnodeError("secret_file_unreadable", {
        message: `The key file ${path} can be read by others.`,
        hint: "Run chmod 600 on it; if it may have been copied, make a new one and run `jitnode-control keys rewrap`.",
      });
    }
    const text = size > sizeLimit ? "" : (await handle.readFile("utf8")).trim();
    const key = Buffer.from(text, "base64");
    if (key.length !== masterKeyBytes || key.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, "")) {
      throw unreadable(path, "It does not hold 32 bytes in base64.");
    }
    return key;
  } finally {
    await handle.close();
  }
}

const unreadable = (path: string, why: string, cause?: unknown): JitnodeError =>
  new JitnodeError("secret_file_unreadable", {
    message: `The key file ${path} cannot be used. ${why}`,
    hint: "Check its path and permissions; `openssl rand -base64 32 > FILE && chmod 600 FILE` makes a new one.",
    cause,
  });
