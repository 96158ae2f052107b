// One-time links: set-up (the first account), invitation, reset. The token has 256 bits and only its SHA-256 is kept;
// a link is used by whoever's conditional update finds it unused, so at most once however many try at once.

import { findAccountByLogin, findAccount, anyAccount, type AccountWithLogin } from "../store/accounts.js";
import {
  endLinksOf,
  endSetupLinks,
  findUsableLink,
  insertLink,
  markLinkUsed,
  type LinkKind,
} from "../store/account-links.js";
import { asAccountId } from "../../domain/ids.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, Executor, Tx } from "../context.js";
import type { AccountLinks } from "../store/schema.js";

export interface OneTimeLink {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

type LinkContext = Pick<ControlContext, "audit" | "clock" | "config" | "random" | "secrets" | "store">;

const tokenBytes = 32;
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;
const hour = 3_600_000;
const lifetimes: Readonly<Record<LinkKind, number>> = { setup: 24 * hour, invitation: 7 * 24 * hour, reset: 24 * hour };

/** Where each kind's page is. */
export const linkPaths: Readonly<Record<LinkKind, string>> = {
  setup: "/set-up",
  invitation: "/invitation",
  reset: "/reset",
};

const noPassword = {
  message: "This account has no sign-in name and password: it signs in with a provider.",
  hint: "Let the person sign in with that provider; `jitnode-control sign-in check` says whether it works.",
} as const;

/** Throws `set_up_done` once there is an account. Ends earlier set-up links: of several replicas, the last to start has the one that works. */
export async function createSetupLink(context: LinkContext): Promise<OneTimeLink> {
  return await context.store.transaction(async (tx) => {
    if (await anyAccount(tx)) throw new JitnodeError("set_up_done");
    await endSetupLinks(tx, context.clock.now());
    return await create(context, tx, "setup", null);
  });
}

/** Throws `set_up_needed` before there is an account: the first one is made by a set-up link. */
export async function createInvitationLink(context: LinkContext): Promise<OneTimeLink> {
  return await context.store.transaction(async (tx) => {
    if (!(await anyAccount(tx))) throw new JitnodeError("set_up_needed");
    await writeDown(context, tx, "invitation", "");
    return await create(context, tx, "invitation", null);
  });
}

/**
 * `account`: an id or a sign-in name. Ends earlier reset links of the account. Throws `account_not_found` also for one
 * that signs in with providers only: it has no password to reset.
 */
export async function createResetLink(context: LinkContext, account: string): Promise<OneTimeLink> {
  return await context.store.transaction(async (tx) => {
    const { id, login } = await findNamedAccount(tx, account);
    if (login === null) throw new JitnodeError("account_not_found", noPassword);
    await endLinksOf(tx, id, context.clock.now());
    await writeDown(context, tx, "reset", id);
    return await create(context, tx, "reset", id);
  });
}

/** Whoever has the link can take an account, or become one. Set-up links are made before there is anybody to tell. */
const writeDown = (context: LinkContext, tx: Tx, kind: "invitation" | "reset", accountId: string): Promise<void> =>
  context.audit.write(tx, {
    action: "account.link_made",
    actor: { kind: "operator", id: "control" },
    subject: accountId,
    detail: { kind },
    address: "",
  });

/** By id or sign-in name; throws `account_not_found`. */
export async function findNamedAccount(executor: Executor, account: string): Promise<AccountWithLogin> {
  const id = asAccountId(account);
  const found = id === undefined ? await findAccountByLogin(executor, account) : await findAccount(executor, id);
  if (found === undefined) throw new JitnodeError("account_not_found");
  return found;
}

/** For showing the form; decides nothing. Undefined for unknown, used and expired ones alike. */
export async function findLink(context: LinkContext, kind: LinkKind, token: string): Promise<AccountLinks | undefined> {
  if (!tokenPattern.test(token)) return undefined;
  if (kind === "setup" && (await anyAccount(context.store))) return undefined;
  return await findUsableLink(context.store, kind, context.secrets.hash(token), context.clock.now());
}

/** Inside the transaction of what the link allows; throws `link_invalid` for all but one caller. */
export async function consumeLink(context: LinkContext, tx: Tx, kind: LinkKind, token: string): Promise<AccountLinks> {
  if (!tokenPattern.test(token)) throw new JitnodeError("link_invalid");
  return await consumeHashedLink(context, tx, kind, context.secrets.hash(token));
}

/** For who kept the hash of the token only. */
export async function consumeHashedLink(
  context: LinkContext,
  tx: Tx,
  kind: LinkKind,
  hash: string,
): Promise<AccountLinks> {
  const now = context.clock.now();
  const link = await findUsableLink(tx, kind, hash, now);
  if (link === undefined || !(await markLinkUsed(tx, kind, hash, now))) throw new JitnodeError("link_invalid");
  return link;
}

async function create(context: LinkContext, tx: Tx, kind: LinkKind, accountId: string | null): Promise<OneTimeLink> {
  const now = context.clock.now();
  const token = context.random.token(tokenBytes);
  const expiresAt = now + lifetimes[kind];
  await insertLink(tx, {
    token_hash: context.secrets.hash(token),
    kind,
    account_id: accountId,
    created_at: now,
    expires_at: expiresAt,
    used_at: null,
  });
  return { url: `${context.config.publicUrl}${linkPaths[kind]}/${token}`, expiresAt };
}
