// Where the command line keeps its sessions: session.json (0600) in the configuration folder, one entry per issuer, each
// with a key of its own. Written atomically; changed only under a lock that dies with the process that holds it.

import { join } from "node:path";
import { checkWritable, readFileIfThere, systemErrorCode, writeFileAtomic } from "../platform/atomic-file.js";
import { makePrivateFolder } from "../platform/folders.js";
import type { Clock } from "../platform/clock.js";
import { acquireLock, isLockNotWritable } from "../platform/process-lock.js";
import { JitnodeError } from "../protocol/errors.js";
import { asJson } from "../protocol/parse.js";
import { Type, accountId, name, open, text, type Static } from "../protocol/schema.js";

const storedSession = open({
  /** The private JWK that the tokens are bound to (RFC 9449). */
  key: text(1000, 1),
  scope: Type.Union([Type.Literal("activate"), Type.Literal("people")]),
  account: open({ id: accountId, name }),
  refresh_token: text(512, 1),
  access_token: text(4096, 1),
  /** Milliseconds since 1970, by this machine's clock. */
  access_expires_at: Type.Number(),
});
export type StoredSession = Readonly<Static<typeof storedSession>>;

const sessionFile = open({ version: Type.Literal(1), sessions: Type.Record(Type.String(), storedSession) });
type SessionFile = Static<typeof sessionFile>;

export interface SessionStore {
  issuers(): Promise<readonly string[]>;
  read(issuer: string): Promise<StoredSession | undefined>;
  /** On disk when this returns true; false where the folder cannot be written. Call it in `exclusive`. */
  write(issuer: string, session: StoredSession): Promise<boolean>;
  /** Call it in `exclusive`. */
  remove(issuer: string): Promise<void>;
  /**
   * One process at a time; where nothing can be written there is nothing to guard. Throws `session_busy`, and
   * `folder_not_writable` where sessions could be written and the lock cannot.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

export interface SessionStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** A full disk counts as not writable, and so does a folder that is a file: the session then lasts for the command. */
const notWritable = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "ENOENT",
  "ENOTDIR",
  "EEXIST",
  "EFBIG",
  "EIO",
]);
const isNotWritable = (error: unknown): boolean => notWritable.has(systemErrorCode(error) ?? "");
/** Longer than a refresh with its repeats takes. */
const lockTimeout = 60_000;

export function createSessionStore({ folder, clock, signal }: SessionStoreOptions): SessionStore {
  const path = join(folder, "session.json");
  const empty: SessionFile = { version: 1, sessions: {} };

  async function load(): Promise<SessionFile> {
    const source = await readFileIfThere(path).catch((error: unknown) => {
      if (isNotWritable(error)) return undefined;
      throw error;
    });
    // A damaged file is as good as none: signing in again replaces it.
    return source === undefined ? empty : (asJson(sessionFile, source) ?? empty);
  }

  const save = (file: SessionFile): Promise<void> => writeFileAtomic(path, `${JSON.stringify(file, undefined, 2)}\n`);

  async function lock(): Promise<{ release(): void }> {
    try {
      await makePrivateFolder(folder);
      const held = await acquireLock(join(folder, "session.lock"), { clock, timeout: lockTimeout, signal });
      if (held !== undefined) return held;
    } catch (error) {
      if (!isNotWritable(error) && !isLockNotWritable(error)) throw error;
      if (isRefused(error) && (await canWrite(folder))) throw lockNotWritable(join(folder, "session.lock"), error);
      return { release: () => undefined };
    }
    throw new JitnodeError(signal?.aborted === true ? "interrupted" : "session_busy");
  }

  return {
    issuers: async () => Object.keys((await load()).sessions),
    read: async (issuer) => {
      const { sessions } = await load();
      return Object.hasOwn(sessions, issuer) ? sessions[issuer] : undefined;
    },
    async write(issuer, session) {
      try {
        const file = await load();
        await save({ ...file, sessions: { ...file.sessions, [issuer]: session } });
        return true;
      } catch (error) {
        if (isNotWritable(error)) return false;
        throw error;
      }
    },
    async remove(issuer) {
      const file = await load();
      if (!Object.hasOwn(file.sessions, issuer)) return;
      const { [issuer]: _, ...rest } = file.sessions;
      await save({ ...file, sessions: rest });
    },
    async exclusive(work) {
      const held = await lock();
      try {
        return await work();
      } finally {
        held.release();
      }
    },
  };
}

/** Of the lock itself, and not of a disk that is full or read-only. */
const isRefused = (error: unknown): boolean =>
  /^(EACCES|EPERM|SQLITE_(CANTOPEN|READONLY).*)$/.test(systemErrorCode(error) ?? "");

const canWrite = (folder: string): Promise<boolean> =>
  checkWritable(folder).then(
    () => true,
    () => false,
  );

const lockNotWritable = (path: string, cause: unknown): JitnodeError =>
  new JitnodeError("folder_not_writable", {
    message: `${path} cannot be written: without this lock two commands could end each other's session.`,
    hint: "Make it yours and writable (chown, chmod u+w), or remove it while no other jitnode runs.",
    cause,
  });
