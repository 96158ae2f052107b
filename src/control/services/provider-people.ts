// People whom a provider has proven to be somebody: in with the account that is theirs, with a new one, or with one more
// way into the one they are signed in to. Each is one transaction with its audit entry, its session and the use of what
// they came by.

import { asAccountId, type AccountId } from "../../domain/ids.js";
import { asName, type Name } from "../../domain/names.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, Tx } from "../context.js";
import { failed } from "../sign-in/http.js";
import type { ProvenPerson } from "../sign-in/provider.js";
import { insertIdentity, lockAccount } from "../store/accounts.js";
import { findIdentity, touchIdentity, type IdentityKey } from "../store/identities.js";
import type { SignInAttempts } from "../store/schema.js";
import { markAttemptUsed } from "../store/sign-in-attempts.js";
import type { BrowserSessions, Visitor } from "./browser-sessions.js";
import { consumeHashedLink } from "./links.js";
import { holdSetUp, insertNewcomer } from "./new-accounts.js";

export type Person = IdentityKey & { readonly name: Name | null; readonly display: string | null };

/** Uses up what somebody came by; throws where another was quicker. */
export type Use = (tx: Tx) => Promise<void>;

export interface ProviderPeople {
  /** The cookie of a session; undefined for somebody new. Refuses: account_disabled, sign_in_attempt_invalid. */
  admit(person: Person, use: Use, visitor: Visitor): Promise<string | undefined>;
  /** Uses the attempt up, and its link. Refuses: sign_in_attempt_invalid, link_invalid, set_up_done, binding_code_invalid. */
  create(
    attempt: SignInAttempts,
    person: Person & { readonly name: Name },
    bindingCode: string | undefined,
    visitor: Visitor,
    use?: Use,
  ): Promise<string>;
  /** Refuses: account_disabled, identity_linked_elsewhere. */
  link(person: Person, accountId: AccountId, use: Use, visitor: Visitor): Promise<void>;
}

/** OpenID Connect Core section 2 of `sub`; the other providers' are shorter. */
const subjectPattern = /^[\x20-\x7e]{1,255}$/;
const displayLimit = 200;

/** What a provider says, as it may be kept: PostgreSQL takes no NUL, and nobody wants control characters. */
export function personOf(provider: string, issuer: string, { subject, name, display }: ProvenPerson): Person {
  if (!subjectPattern.test(subject)) throw failed("what it calls the person by cannot be a subject");
  const shown = (display ?? "").replace(/\p{C}/gu, "").slice(0, displayLimit);
  return { provider, issuer, subject, name: asName(name ?? "") ?? null, display: shown === "" ? null : shown };
}

export function createProviderPeople(context: ControlContext, sessions: BrowserSessions): ProviderPeople {
  const { clock, store } = context;
  return {
    admit: (person, use, visitor) =>
      store.transaction(async (tx) => {
        const known = await findIdentity(tx, person);
        if (known === undefined) return undefined;
        await use(tx);
        const accountId = asAccountId(known.account_id);
        const account = accountId && (await lockAccount(tx, accountId));
        if (accountId === undefined || account === undefined || account.disabled_at !== null) {
          throw new JitnodeError("account_disabled");
        }
        // Not where it was unlinked in between: the account's row was locked then.
        const seen = { display: person.display, last_used_at: clock.now() };
        if (!(await touchIdentity(tx, known, seen))) throw new JitnodeError("sign_in_attempt_invalid");
        return await sessions.open(tx, accountId, visitor, person.provider);
      }),

    create: (attempt, { provider, issuer, subject, name, display }, bindingCode, visitor, use) =>
      store.transaction(async (tx) => {
        await use?.(tx);
        if (!(await markAttemptUsed(tx, attempt.state_hash, clock.now()))) {
          throw new JitnodeError("sign_in_attempt_invalid");
        }
        const { link_kind: linkKind, link_hash: linkHash } = attempt;
        if (linkKind === "setup") await holdSetUp(tx);
        if (linkKind !== null) await consumeHashedLink(context, tx, linkKind, linkHash ?? "");
        const id = await insertNewcomer(context, tx, {
          name,
          origin: linkKind ?? (bindingCode === undefined ? "open" : "code"),
          identity: { provider, issuer, subject, display, password_hash: null },
          ...(bindingCode === undefined ? {} : { bindingCode }),
          address: visitor.address,
        });
        // Another tab was quicker.
        if (id === undefined) throw new JitnodeError("sign_in_attempt_invalid");
        return await sessions.open(tx, id, visitor, provider);
      }),

    link: (person, accountId, use, visitor) =>
      store.transaction(async (tx) => {
        await use(tx);
        const account = await lockAccount(tx, accountId);
        if (account === undefined || account.disabled_at !== null) throw new JitnodeError("account_disabled");
        const now = clock.now();
        const { provider, issuer, subject, display } = person;
        const row = { provider, issuer, subject, display, account_id: accountId, password_hash: null };
        if (await insertIdentity(tx, { ...row, created_at: now, last_used_at: null })) {
          await context.audit.write(tx, {
            action: "identity.linked",
            actor: { kind: "account", id: accountId },
            subject: accountId,
            detail: { provider, issuer, display },
            address: visitor.address,
          });
        } else if ((await findIdentity(tx, person))?.account_id !== accountId) {
          throw new JitnodeError("identity_linked_elsewhere");
        }
      }),
  };
}
