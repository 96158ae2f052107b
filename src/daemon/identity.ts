// The node's key: made at the first start, read at every other one, never replaced. A key that is missing, damaged,
// readable by others or not the one this state belongs to ends the start: a new key would be a new node.

import { join } from "node:path";
import type { NodeId } from "../domain/ids.js";
import { asKeyPair, generateKeyPair, nodeIdOfKey, type KeyPair } from "../identity/keys.js";
import { createFileAtomic, systemErrorCode } from "../platform/atomic-file.js";
import type { Clock } from "../platform/clock.js";
import { readPrivateFile, removeHalfWritten, type PrivateFile } from "../platform/private-files.js";
import { JitnodeError } from "../protocol/errors.js";
import type { NodeStore } from "./state/node-store.js";

export interface Identity {
  readonly key: KeyPair;
  readonly nodeId: NodeId;
  /** Made by this very start. */
  readonly isNew: boolean;
}

const keyFile = "node.key";

/** Needs the lock on the state directory. Throws `node_key_invalid`, `node_key_exposed`, `state_not_writable`. */
export async function loadIdentity(stateDir: string, store: NodeStore, clock: Clock): Promise<Identity> {
  const path = join(stateDir, keyFile);
  // A start that was killed while it made the key leaves a copy of it.
  await removeHalfWritten(stateDir);
  const known = store.current().identity;
  const found = await readKey(path);
  if (found === undefined && known !== undefined) {
    throw new JitnodeError("node_key_invalid", {
      message: `${path} is missing, though this state directory belongs to node ${known.node_id}.`,
    });
  }
  const key = found ?? (await makeKey(path));
  if (known !== undefined && known.key_thumbprint !== key.thumbprint) {
    throw new JitnodeError("node_key_invalid", {
      message: `${path} is not the key of node ${known.node_id}, to which this state directory belongs.`,
    });
  }
  const nodeId = nodeIdOfKey(key);
  if (known === undefined) {
    store.update({ identity: { node_id: nodeId, key_thumbprint: key.thumbprint, created_at: clock.now() } });
  }
  return { key, nodeId, isNew: found === undefined };
}

async function readKey(path: string): Promise<KeyPair | undefined> {
  let file: PrivateFile;
  try {
    file = await readPrivateFile(path);
  } catch (cause) {
    throw new JitnodeError("node_key_invalid", { message: `${path} cannot be read.`, cause });
  }
  if (file.kind === "missing") return undefined;
  if (file.kind === "exposed") throw new JitnodeError("node_key_exposed");
  const key = asKeyPair(file.content);
  if (key === undefined) throw new JitnodeError("node_key_invalid", { message: `${path} is damaged.` });
  return key;
}

async function makeKey(path: string): Promise<KeyPair> {
  const key = generateKeyPair();
  try {
    if (await createFileAtomic(path, `${key.exportPrivate()}\n`, 0o600)) return key;
  } catch (error) {
    throw new JitnodeError("state_not_writable", { cause: error, log: { code: systemErrorCode(error) } });
  }
  throw new JitnodeError("node_key_invalid", { message: `${path} appeared while a key was being made.` });
}
