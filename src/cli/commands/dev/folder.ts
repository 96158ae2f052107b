// What lies in ./.jitnode-dev, and where the socket goes when the checkout lies too deep for one.

import { join } from "node:path";
import { checkWritable, readFileIfThere, writeFileAtomic } from "../../../platform/atomic-file.js";
import { makePrivateFolder } from "../../../platform/folders.js";
import { isOwnFolder, makeOwnFolder, temporaryFolder } from "../../../platform/own-folder.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { line } from "../../output/line.js";

export interface DevFolder {
  readonly path: string;
  readonly lock: string;
  /** Written when everything runs; only then a second `jitnode dev` has something to show. */
  readonly summary: string;
  readonly account: string;
  readonly ports: string;
  readonly environment: string;
  readonly control: string;
  readonly node: string;
  readonly config: string;
  readonly controlLog: string;
  readonly daemonLog: string;
}

export async function openDevFolder(workingFolder: string): Promise<DevFolder> {
  const path = join(workingFolder, ".jitnode-dev");
  const folder: DevFolder = {
    path,
    lock: join(path, "dev.lock"),
    summary: join(path, "summary.json"),
    account: join(path, "account.json"),
    ports: join(path, "ports.json"),
    environment: join(path, "env"),
    control: join(path, "control"),
    node: join(path, "node"),
    config: join(path, "config"),
    controlLog: join(path, "jitnode-control.log"),
    daemonLog: join(path, "jitnoded.log"),
  };
  try {
    for (const made of [path, folder.control, folder.node, folder.config]) {
      await makePrivateFolder(made);
      await checkWritable(made);
    }
  } catch (cause) {
    throw new JitnodeError("folder_not_writable", { message: line`${path} cannot be written.`, cause });
  }
  return folder;
}

/** sun_path holds 108 bytes with the final zero (unix(7)); taking over a stale socket needs nine more. */
const longestSocketPath = 107 - 9;

/** In the folder itself, or, in a very deep checkout, in a 0700 folder that is found again at the next start. */
export async function placeSocket(folder: DevFolder, runtimeFolder: string | undefined): Promise<string> {
  const near = join(folder.node, "jitnoded.sock");
  if (Buffer.byteLength(near) <= longestSocketPath) return near;
  const note = join(folder.path, "socket-folder");
  const known = (await readFileIfThere(note))?.trim();
  if (known !== undefined && isOwnFolder(known)) return join(known, "jitnoded.sock");
  for (const parent of [runtimeFolder, temporaryFolder()]) {
    if (
      parent === undefined ||
      Buffer.byteLength(join(parent, "jitnode-dev-XXXXXX", "jitnoded.sock")) > longestSocketPath
    ) {
      continue;
    }
    const made = makeOwnFolder(parent, "jitnode-dev-");
    if (made === undefined) continue;
    await writeFileAtomic(note, `${made}\n`);
    return join(made, "jitnoded.sock");
  }
  throw new JitnodeError("socket_path_too_long", { hint: "Set TMPDIR or XDG_RUNTIME_DIR to a shorter path." });
}
