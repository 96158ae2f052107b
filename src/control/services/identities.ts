// The ways into an account: listing one's own, taking one away, and giving a provider another name.

import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, PersonActor } from "../context.js";
import { local, lockAccount } from "../store/accounts.js";
import {
  anyOfOtherIssuer,
  countDoubles,
  deleteIdentity,
  listIdentities,
  renameProvider,
  type IdentityKey,
} from "../store/identities.js";
import type { Identities } from "../store/schema.js";
import type { ProviderChoice, Providers } from "./providers.js";

export interface OwnIdentity {
  readonly id: string;
  /** "local", or a provider's name. */
  readonly provider: string;
  /** Of the provider; undefined for the local one, and where no provider with that name and issuer is set up. */
  readonly label: string | undefined;
  /** Sign-in name, address or login. */
  readonly display: string | undefined;
  readonly linkedAt: string;
  readonly lastUsedAt: string | undefined;
  /** False: the only way in, or the last one that works. */
  readonly mayUnlink: boolean;
}

export interface IdentityList {
  /** Oldest first. */
  identitiesOf(actor: PersonActor): Promise<readonly OwnIdentity[]>;
  /** Refuses: last_sign_in, identity_not_found. */
  unlink(actor: PersonActor, identityId: string): Promise<void>;
}

export function createIdentities(context: ControlContext, providers: Pick<Providers, "choices">): IdentityList {
  const { secrets, store } = context;
  const idOf = ({ provider, issuer, subject }: IdentityKey): string =>
    secrets.hash(JSON.stringify([provider, issuer, subject]));
  const providerOf = ({ provider, issuer }: Identities): ProviderChoice | undefined =>
    providers.choices.find((choice) => choice.name === provider && choice.issuer === issuer);
  const works = (row: Identities): boolean => row.provider === local.provider || providerOf(row) !== undefined;
  const isLast = (row: Identities, all: readonly Identities[]): boolean =>
    !all.some((other) => other !== row && works(other));

  return {
    async identitiesOf(actor) {
      const all = await listIdentities(store, actor.accountId);
      return all.map((row) => ({
        id: idOf(row),
        provider: row.provider,
        label: providerOf(row)?.label,
        display: row.provider === local.provider ? row.subject : (row.display ?? undefined),
        linkedAt: toDate(row.created_at),
        lastUsedAt: row.last_used_at === null ? undefined : toDate(row.last_used_at),
        mayUnlink: !isLast(row, all),
      }));
    },

    async unlink(actor, identityId) {
      await store.transaction(async (tx) => {
        await lockAccount(tx, actor.accountId);
        const all = await listIdentities(tx, actor.accountId);
        const row = all.find((each) => idOf(each) === identityId);
        if (row === undefined) throw new JitnodeError("identity_not_found");
        if (isLast(row, all)) throw new JitnodeError("last_sign_in");
        await deleteIdentity(tx, row);
        await context.audit.write(tx, {
          action: "identity.unlinked",
          actor: { kind: "account", id: actor.accountId },
          subject: actor.accountId,
          detail: { provider: row.provider, issuer: row.issuer, display: row.display },
          address: actor.address,
        });
      });
    },
  };
}

/** For `jitnode-control sign-in rename`: the number of people who sign in under the new name from now on. */
export async function renameSignIn(
  context: Pick<ControlContext, "audit" | "store">,
  from: string,
  to: string,
): Promise<number> {
  return await context.store.transaction(async (tx) => {
    const isOthers = await anyOfOtherIssuer(tx, from, to);
    if ((await countDoubles(tx, from, to)) > 0) throw new JitnodeError("sign_in_name_taken");
    const renamed = await renameProvider(tx, from, to);
    if (renamed === 0) {
      throw new JitnodeError("identity_not_found", {
        message: `Nobody has signed in under the name ${from}.`,
        hint: "Use the names of the settings; nothing was changed.",
      });
    }
    if (isOthers) {
      throw new JitnodeError("sign_in_name_taken", {
        message: `People of another provider sign in under the name ${to}.`,
      });
    }
    await context.audit.write(tx, {
      action: "identity.renamed",
      actor: { kind: "operator", id: "control" },
      subject: to,
      detail: { from, to, identities: renamed },
      address: "",
    });
    return renamed;
  });
}
