// The key file: base64 of 32 bytes, for its owner alone. Read with care, made once, never overwritten.

import { dirname } from "node:path";
import { createFileAtomic } from "../platform/atomic-file.js";
import { makePrivateFolder } from "../platform/folders.js";
import { readPrivateFile } from "../platform/files.js";
import type { Random } from "../platform/random.js";
import { JitnodeError } from "../protocol/errors.js";
import { masterKeyBytes } from "./services/secrets.js";

/** The master key; a missing file is made where that is allowed (the first start with SQLite). */
export async function loadKeyFile(
  file: { readonly path: string; readonly mayBeMade: boolean },
  random: Random,
): Promise<Buffer> {
  const there = await readKeyFile(file.path);
  if (there !== undefined) return there;
  if (!file.mayBeMade) throw unusable(file.path, "There is no such file.", findIt);
  await makePrivateFolder(dirname(file.path));
  await createFileAtomic(file.path, `${random.bytes(masterKeyBytes).toString("base64")}\n`, 0o600);
  // Read back: another process may have been first, and then its key is the one.
  const made = await readKeyFile(file.path);
  if (made === undefined) throw unusable(file.path, "There is no such file.", findIt);
  return made;
}

/** Undefined when there is no such file. */
export async function readKeyFile(path: string): Promise<Buffer | undefined> {
  const file = await readPrivateFile(path);
  switch (file.kind) {
    case "missing":
      return undefined;
    case "unreadable":
      throw unusable(path, "It cannot be read.", keepIt, file.cause);
    case "exposed":
      throw new JitnodeError("secret_file_unreadable", {
        message: `The key file ${path} can be read by others.`,
        hint: "Run chmod 600 on it; if it may have been copied, make a new one and run `jitnode-control keys rewrap`.",
      });
    case "text":
      return parseKey(path, file.text.trim());
  }
}

/** Compared with its own encoding, since the decoder skips over whatever is no base64. */
function parseKey(path: string, text: string): Buffer {
  const key = Buffer.from(text, "base64");
  if (key.length !== masterKeyBytes || key.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, "")) {
    throw unusable(path, "It does not hold 32 bytes in base64.", keepIt);
  }
  return key;
}

/** What is encrypted under a key is lost with it: nobody is to write another one over it. */
const keepIt =
  "Check its path and owner, or restore it from its copy; do not overwrite it: no other key can read its database.";
const findIt =
  "Check its path, or restore it from its copy: no other key can read a database that exists. Only for a new one, `openssl rand -base64 32 > FILE && chmod 600 FILE` makes it.";

const unusable = (path: string, why: string, hint: string, cause?: unknown): JitnodeError =>
  new JitnodeError("secret_file_unreadable", {
    message: `The key file ${path} cannot be used. ${why}`,
    hint,
    cause,
  });
