// The person who decides: by the stored session, or by one that is opened here and ended with the command.

import type { PeopleClient } from "../../../client/people.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import type { Me } from "../../../protocol/people.js";
import type { Context } from "../../context.js";
import { asStoredSession, createPeople } from "../../control-plane.js";
import { assertKeepable, keepSession } from "../../keep-session.js";
import { line } from "../../output/line.js";
import { signIn, tidyTime } from "../../sign-in.js";

export interface PersonOptions {
  readonly issuer: string;
  readonly stay: boolean;
  /** Of the sign-in. */
  readonly assertNeeded: () => Promise<void>;
}

/** Whatever ends `work`, Ctrl-C included, a session that shall not stay is revoked. */
export async function withPerson<T>(
  context: Context,
  { issuer, stay, assertNeeded }: PersonOptions,
  work: (people: PeopleClient, me: Me) => Promise<T>,
): Promise<T> {
  const present = await asPresent(context, issuer);
  if (present !== undefined) {
    context.output.note(line`Signed in as ${present.me.account.name}.`);
    return work(present.people, present.me);
  }
  if (stay) await assertKeepable(context);
  const signedIn = await signIn(context, { issuer, scope: stay ? "people" : "activate", assertNeeded });
  let kept = false;
  try {
    if (stay) kept = await keepSession(context, signedIn);
    context.output.note(line`Signed in as ${signedIn.me.account.name}.`);
    // A kept session may rotate its tokens while the command runs: then they must go to disk.
    const session = kept ? ((await asStoredSession(context, issuer)) ?? signedIn.session) : signedIn.session;
    return await work(await createPeople(context, session), signedIn.me);
  } finally {
    if (!kept) await signedIn.session.revoke({ timeout: tidyTime });
  }
}

/** The stored session if it still lives; one that has ended is as good as none. */
async function asPresent(
  context: Context,
  issuer: string,
): Promise<{ readonly people: PeopleClient; readonly me: Me } | undefined> {
  const session = await asStoredSession(context, issuer);
  if (session === undefined) return undefined;
  const people = await createPeople(context, session);
  try {
    return { people, me: await people.me() };
  } catch (error) {
    if (error instanceof JitnodeError && error.exitCode === exitCodes.signInNeeded) return undefined;
    throw error;
  }
}
