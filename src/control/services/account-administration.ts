// What whoever runs the control plane does with accounts at its command line: list, disable, enable.

import { asAccountId, type AccountId } from "../../domain/ids.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ControlContext, Tx } from "../context.js";
import { endTerminals, listAccounts, lockAccount, setDisabled, type AccountWithLogin } from "../store/accounts.js";
import { endBrowserSessionsOf } from "../store/browser-sessions.js";
import { findNamedAccount } from "./links.js";

export interface AccountAdministration {
  list(): Promise<readonly AccountWithLogin[]>;
  /** By id or sign-in name. Ends every session of both kinds in the same transaction. Doing it again changes nothing. */
  disable(account: string): Promise<AccountWithLogin>;
  enable(account: string): Promise<AccountWithLogin>;
}

export function createAccountAdministration(context: ControlContext): AccountAdministration {
  const { clock, store } = context;

  const change = (account: string, disable: boolean): Promise<AccountWithLogin> =>
    store.transaction(async (tx) => {
      const found = await findNamedAccount(tx, account);
      const id = asAccountId(found.id);
      if (id === undefined) throw new JitnodeError("account_not_found");
      const row = await lockAccount(tx, id);
      if (row === undefined) throw new JitnodeError("account_not_found");
      if ((row.disabled_at !== null) === disable) return { ...found, disabled_at: row.disabled_at };
      const at = disable ? clock.now() : null;
      await setDisabled(tx, id, at);
      if (disable) await endSessions(tx, id);
      await context.audit.write(tx, {
        action: disable ? "account.disabled" : "account.enabled",
        actor: { kind: "operator", id: "control" },
        subject: id,
        address: "",
      });
      return { ...found, disabled_at: at };
    });

  const endSessions = async (tx: Tx, id: AccountId): Promise<void> => {
    await endBrowserSessionsOf(tx, id, clock.now());
    await endTerminals(tx, id, clock.now());
    await context.events.publish(tx, { type: "session_ended", accountId: id });
  };

  return {
    list: () => listAccounts(store),
    disable: (account) => change(account, true),
    enable: (account) => change(account, false),
  };
}
