// Repeats: a request that changes something is done once, however often it arrives (DESIGN section 4).
//
// Invariants: the row that remembers a request is written in the transaction of its effect, so a crash leaves both or
// neither; a second one of the same key waits for the first (unique index); only what succeeded is remembered; a
// remembered answer is sealed, and given again only to somebody who may still have it.

import type { Static, TSchema } from "typebox";
import { JitnodeError } from "../../protocol/errors.js";
import { asJson } from "../../protocol/parse.js";
import type { ControlContext, Tx } from "../context.js";
import { claimRequest, findRequest, forgetRequest, keepAnswer } from "../store/idempotent-requests.js";
import { sealContext } from "./seal-contexts.js";

const keptFor = 24 * 60 * 60 * 1000;

/** What tells one request from another: the account adds itself. `body` is compared as JSON text. */
export interface Repeat {
  /** 16 to 128 characters of the client's choosing: the Idempotency-Key, or the key in a rendered form. */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** `refused` commits what the work has written (counters), forgets the key and then throws the error. */
export type Outcome<T> =
  { readonly kind: "done"; readonly answer: T } | { readonly kind: "refused"; readonly error: JitnodeError };

export interface Once<S extends TSchema> {
  readonly answer: S;
  /** Before the first time, outside of the transaction; a repeat is not asked. Throws to refuse. */
  admit?(): Promise<unknown>;
  /** The effect. What it throws undoes everything, the key included. */
  work(tx: Tx): Promise<Outcome<Static<S>>>;
  /** Throws when the person may no longer have this answer. */
  authorizeReplay(tx: Tx, answer: Static<S>): Promise<void>;
}

export interface Result<T> {
  readonly answer: T;
  readonly replayed: boolean;
}

/** A key as it may stand in a header or a form; undefined otherwise. */
export const asIdempotencyKey = (text: unknown): string | undefined =>
  typeof text === "string" && /^[\x21-\x7e]{16,128}$/.test(text) ? text : undefined;

export async function runOnce<S extends TSchema>(
  context: ControlContext,
  accountId: string,
  repeat: Repeat,
  once: Once<S>,
): Promise<Result<Static<S>>> {
  const { secrets, clock, store } = context;
  const scope = secrets.hash([accountId, repeat.method, repeat.path, repeat.key].join("\n"));
  // Keyed: a body may hold a binding code, which a plain hash would let somebody guess from a copy of the database.
  const body = secrets.lookup("idempotency", JSON.stringify(repeat.body) ?? "");
  const sealedFor = sealContext.idempotentAnswer(scope);

  if (once.admit !== undefined && (await findRequest(store, scope)) === undefined) await once.admit();
  const result = await store.transaction(async (tx): Promise<Outcome<Result<Static<S>>>> => {
    const now = clock.now();
    const claimed = await claimRequest(tx, {
      scope_hash: scope,
      body_hash: body,
      created_at: now,
      expires_at: now + keptFor,
    });
    if (!claimed) {
      const known = await findRequest(tx, scope);
      if (known === undefined || known.answer_encrypted === null) throw new JitnodeError("request_in_progress");
      if (known.body_hash !== body) throw new JitnodeError("idempotency_key_reused");
      const answer = asJson(once.answer, secrets.unseal(known.answer_encrypted, sealedFor));
      if (answer === undefined) throw new JitnodeError("internal_error", { log: { reason: "kept answer unreadable" } });
      await once.authorizeReplay(tx, answer);
      return { kind: "done", answer: { answer, replayed: true } };
    }
    const outcome = await once.work(tx);
    if (outcome.kind === "refused") {
      await forgetRequest(tx, scope);
      return outcome;
    }
    await keepAnswer(tx, scope, 200, secrets.seal(JSON.stringify(outcome.answer), sealedFor));
    return { kind: "done", answer: { answer: outcome.answer, replayed: false } };
  });
  if (result.kind === "refused") throw result.error;
  return result.answer;
}
