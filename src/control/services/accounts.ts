// Local accounts: how one comes to be (set-up link, invitation, binding code, open sign-up), signing in, a new password.
//
// Invariants: an account, its way in, its membership (origin "code") and the use of its link are one transaction; there
// is one first account, however many use set-up links at once; passwords are hashed before that transaction begins,
// so that no lock waits for scrypt; a refusal says nothing about whether a sign-in name exists before the person has
// shown a right to make an account.

import type { AccountId } from "../../domain/ids.js";
import { asAccountId } from "../../domain/ids.js";
import { asLoginName, asPassword, type LoginName, type Password } from "../../domain/login.js";
import { asName, type Name } from "../../domain/names.js";
import { JitnodeError, together } from "../../protocol/errors.js";
import type { ControlContext, Tx } from "../context.js";
import {
  endTerminals,
  findAccount,
  findLocalIdentity,
  local,
  lockAccount,
  setPasswordHash,
} from "../store/accounts.js";
import type { Accounts as AccountRow } from "../store/schema.js";
import type { BrowserSessions, Visitor } from "./browser-sessions.js";
import { consumeLink, findLink } from "./links.js";
import { codeRefusals, holdSetUp, insertNewcomer, tryBindingCode } from "./new-accounts.js";

export interface NewAccount {
  readonly login: string;
  readonly name: string;
  readonly password: string;
}

/** Who is in now, and the cookie of the browser session that was opened in the same transaction. */
export interface SignedIn {
  readonly accountId: AccountId;
  readonly cookie: string;
}

export interface Accounts {
  /** Refuses: set_up_done, link_invalid, and what the fields are refused for. */
  setUp(token: string, fields: NewAccount, visitor: Visitor): Promise<SignedIn>;
  /** Refuses: link_invalid, account_exists. */
  acceptInvitation(token: string, fields: NewAccount, visitor: Visitor): Promise<SignedIn>;
  /** As JITNODE_CONTROL_SIGNUP allows. Refuses: sign_up_not_allowed, binding_code_invalid, account_exists, rate_limited. */
  signUp(fields: NewAccount & { readonly bindingCode: string }, visitor: Visitor): Promise<SignedIn>;
  /** Refuses: sign_in_failed for unknown names and wrong passwords alike, account_disabled, rate_limited. */
  signIn(login: string, password: string, visitor: Visitor): Promise<SignedIn>;
  /** Ends every session of the account but the one it opens. Refuses: link_invalid, password_invalid, account_disabled. */
  resetPassword(token: string, password: string, visitor: Visitor): Promise<SignedIn>;
}

export interface AccountsOptions {
  readonly sessions: BrowserSessions;
}

export function createAccounts(context: ControlContext, options: AccountsOptions): Accounts {
  const { clock, config, limits, log, passwords, secrets, store } = context;
  const { sessions } = options;

  const insert = async (
    tx: Tx,
    fields: { readonly login: LoginName; readonly name: Name; readonly hash: string },
    origin: AccountRow["origin"],
    { address }: Visitor,
    bindingCode?: string,
  ): Promise<AccountId> => {
    const id = await insertNewcomer(context, tx, {
      name: fields.name,
      origin,
      identity: { ...local, subject: fields.login, password_hash: fields.hash, display: null },
      ...(bindingCode === undefined ? {} : { bindingCode }),
      address,
    });
    if (id === undefined) {
      throw new JitnodeError("account_exists", { hint: "Choose another one, or sign in if it is yours." });
    }
    return id;
  };

  const signedIn = async (tx: Tx, accountId: AccountId, visitor: Visitor): Promise<SignedIn> => ({
    accountId,
    cookie: await sessions.open(tx, accountId, visitor),
  });

  return {
    async setUp(token, fields, visitor) {
      const wanted = checkFields(fields);
      if ((await findLink(context, "setup", token)) === undefined) throw new JitnodeError("link_invalid");
      const hash = await passwords.hash(wanted.password);
      return await store.transaction(async (tx) => {
        await holdSetUp(tx);
        await consumeLink(context, tx, "setup", token);
        return await signedIn(tx, await insert(tx, { ...wanted, hash }, "setup", visitor), visitor);
      });
    },

    async acceptInvitation(token, fields, visitor) {
      const wanted = checkFields(fields);
      if ((await findLink(context, "invitation", token)) === undefined) throw new JitnodeError("link_invalid");
      const hash = await passwords.hash(wanted.password);
      return await store.transaction(async (tx) => {
        await consumeLink(context, tx, "invitation", token);
        return await signedIn(tx, await insert(tx, { ...wanted, hash }, "invitation", visitor), visitor);
      });
    },

    async signUp(fields, visitor) {
      if (config.signup === "invited") throw new JitnodeError("sign_up_not_allowed", invitationOnly);
      const byCode = config.signup === "code";
      const wanted = checkFields(fields, byCode ? fields.bindingCode : undefined);
      const { address } = visitor;
      // Looked at before the password is hashed, and before anything is said about the sign-in name.
      if (byCode) await tryBindingCode(context, fields.bindingCode, address);
      await limits.take("sign_up", { address });
      const hash = await passwords.hash(wanted.password);
      return await store.transaction(async (tx) => {
        const id = byCode
          ? await insert(tx, { ...wanted, hash }, "code", visitor, fields.bindingCode)
          : await insert(tx, { ...wanted, hash }, "open", visitor);
        return await signedIn(tx, id, visitor);
      });
    },

    async signIn(name, password, visitor) {
      const login = asLoginName(name.trim().toLowerCase());
      // The same for names that nobody has.
      const target = login === undefined ? {} : { target: secrets.hash(`password ${login}`) };
      const attempt = await limits.take("password", { address: visitor.address, ...target });
      const identity = login === undefined ? undefined : await findLocalIdentity(store, login);
      const right = await passwords.verify(identity?.password_hash ?? undefined, password.slice(0, 1000));
      const accountId = identity === undefined ? undefined : asAccountId(identity.account_id);
      if (!right || identity === undefined || accountId === undefined) {
        // Not the name: some type their password there.
        log.warn("sign-in failed", { address: visitor.address, account: accountId });
        throw new JitnodeError("sign_in_failed");
      }
      await attempt.right();
      return await store.transaction(async (tx) => {
        const account = await lockAccount(tx, accountId);
        if (account === undefined || account.disabled_at !== null) throw new JitnodeError("account_disabled");
        // A reset in between has ended all sessions; the old password must not open another one.
        const now = await findLocalIdentity(tx, identity.subject);
        if (now?.password_hash !== identity.password_hash) throw new JitnodeError("sign_in_failed");
        return await signedIn(tx, accountId, visitor);
      });
    },

    async resetPassword(token, password, visitor) {
      const link = await findLink(context, "reset", token);
      const accountId = asAccountId(link?.account_id ?? "");
      if (accountId === undefined) throw new JitnodeError("link_invalid");
      const known = await findAccount(store, accountId);
      const wanted = asPassword(password, known?.login ?? "");
      if (wanted === undefined) throw new JitnodeError("password_invalid");
      const hash = await passwords.hash(wanted);
      return await store.transaction(async (tx) => {
        const account = await lockAccount(tx, accountId);
        if (account === undefined || account.disabled_at !== null) throw new JitnodeError("account_disabled");
        await consumeLink(context, tx, "reset", token);
        if (!(await setPasswordHash(tx, accountId, hash))) throw new JitnodeError("link_invalid");
        await sessions.endAll(tx, accountId);
        await endTerminals(tx, accountId, clock.now());
        await context.events.publish(tx, { type: "session_ended", accountId });
        await context.audit.write(tx, {
          action: "account.password_changed",
          actor: { kind: "account", id: accountId },
          subject: accountId,
          address: visitor.address,
        });
        return await signedIn(tx, accountId, visitor);
      });
    },
  };
}

export const invitationOnly = {
  message: "New accounts need an invitation here.",
  hint: "Ask whoever runs this control plane for an invitation link.",
} as const;

/** Throws login_name_invalid, name_invalid or password_invalid: the first, and with it what else is wrong. */
function checkFields(
  fields: NewAccount,
  bindingCode?: string,
): {
  readonly login: LoginName;
  readonly name: Name;
  readonly password: Password;
} {
  const typed = fields.login.trim().toLowerCase();
  const login = asLoginName(typed);
  const name = asName(fields.name);
  const password = asPassword(fields.password, typed);
  if (login !== undefined && name !== undefined && password !== undefined) return { login, name, password };
  const checks = [
    ["login_name_invalid", login],
    ["name_invalid", name],
    ["password_invalid", password],
  ] as const;
  const refusals = checks.flatMap(([code, value]) => (value === undefined ? [new JitnodeError(code)] : []));
  throw together([...refusals, ...codeRefusals(bindingCode)]);
}
