// Requests of jitnode-cli: a terminal asks to be signed in, and a person at a page decides (DESIGN section 3).
//
// Invariants: decided in a browser session only, once; the scope is the one that was asked and shown; the third wrong
// number denies; where the terminal says whose node it speaks for (org_hint), the request is approved only for a member
// of that organization, or together with joining it by its current code. Every mismatch there is binding_code_invalid
// and joins nothing, so nobody learns from it whether that organization exists. Account and organization are held: what
// ends a person's sessions at that moment comes either after the approval, and takes it back, or before it.

import { checkNumber, refuseDecision } from "../../domain/activation.js";
import { asUserCode, formatCode } from "../../domain/codes.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import { Type, open } from "../../protocol/schema.js";
import { clients, type PeopleScope } from "../../protocol/versions.js";
import type { ControlContext, Executor, PersonActor } from "../context.js";
import { limitedAddress } from "../http/addresses.js";
import {
  decide,
  findByUserCode,
  lockByUserCode,
  setWrongNumbers,
  type DeviceRequest,
} from "../store/device-requests.js";
import { lockAccount } from "../store/accounts.js";
import { isBrowserSignedIn } from "../store/browser-sessions.js";
import { findRole } from "../store/memberships.js";
import { lockOrganization } from "../store/organizations.js";
import { auditActorOf, subjectOf } from "./access.js";
import { runOnce, type Outcome, type Repeat } from "./idempotency.js";
import { joinOrganization } from "./joining.js";

export interface TerminalRequest {
  readonly userCode: string;
  readonly state: "pending" | "approved" | "denied";
  readonly scope: PeopleScope;
  /** What the program calls itself (User-Agent): its own claim. */
  readonly agent: string;
  readonly address: string;
  readonly addressDiffers: boolean;
  readonly requestedAt: string;
  readonly expiresAt: string;
  /** Given by the terminal, shown as it is; present only while the person must show that organization's code. */
  readonly codeNeededFor: string | undefined;
  /** Given by the terminal; set also for its members. */
  readonly organizationHint: string | undefined;
}

const decisionAnswer = open({ state: Type.Union([Type.Literal("approved"), Type.Literal("denied")]) });

export interface TerminalSignIns {
  /** Whether a code is one of a terminal's requests. Says nothing else, counts nothing. */
  knows(userCode: string): Promise<boolean>;
  /** Refuses: activation_unknown, activation_expired, activation_cancelled, rate_limited. */
  show(actor: PersonActor, userCode: string): Promise<TerminalRequest>;
  /** Refuses: as `show`, activation_decided, number_wrong, activation_denied (third wrong number), binding_code_invalid. */
  approve(
    actor: PersonActor,
    userCode: string,
    input: { readonly number: string; readonly bindingCode: string | undefined },
    repeat: Repeat,
  ): Promise<void>;
  deny(actor: PersonActor, userCode: string, repeat: Repeat): Promise<void>;
}

export function createTerminalSignIns(context: ControlContext): TerminalSignIns {
  const { clock, limits, secrets, store } = context;

  const lookupOf = (userCode: string): string | undefined => {
    const code = asUserCode(userCode);
    return code === undefined ? undefined : secrets.lookup("user_code", code);
  };

  const find = async (userCode: string): Promise<DeviceRequest | undefined> => {
    const lookup = lookupOf(userCode);
    const row = lookup === undefined ? undefined : await findByUserCode(store, lookup);
    return row?.client_id === clients.cli ? row : undefined;
  };

  const mustJoin = async (executor: Executor, row: DeviceRequest, actor: PersonActor): Promise<boolean> =>
    row.org_hint !== null && (await findRole(executor, row.org_hint, actor.accountId)) === undefined;

  /** One decision: the row held, still pending, and whatever `work` does in the same transaction. */
  const decideOnce = async (
    actor: PersonActor,
    userCode: string,
    repeat: Repeat,
    work: (tx: Parameters<typeof decide>[0], row: DeviceRequest) => Promise<Outcome<{ state: "approved" | "denied" }>>,
  ): Promise<void> => {
    await limits.check("user_code", subjectOf(actor));
    const lookup = lookupOf(userCode);
    await runOnce(context, actor.accountId, repeat, {
      answer: decisionAnswer,
      work: async (tx) => {
        const account = await lockAccount(tx, actor.accountId);
        if (account?.disabled_at !== null || !(await isBrowserSignedIn(tx, actor.sessionId))) {
          throw new JitnodeError("session_ended");
        }
        const row = lookup === undefined ? undefined : await lockByUserCode(tx, lookup);
        if (row === undefined || row.client_id !== clients.cli) throw new JitnodeError("activation_unknown");
        if (row.state === "revoked") throw over("activation_cancelled");
        const refusal = refuseDecision({ state: row.state, expiresAt: row.expires_at }, clock.now());
        if (refusal !== undefined) throw over(refusal);
        return await work(tx, row);
      },
      authorizeReplay: async () => undefined,
    });
  };

  const writeDown = (
    tx: Parameters<typeof decide>[0],
    row: DeviceRequest,
    actor: PersonActor,
    action: "activation.approved" | "activation.denied",
    detail: Readonly<Record<string, unknown>> = {},
  ): Promise<void> =>
    context.audit.write(tx, {
      action,
      actor: auditActorOf(actor),
      subject: row.id,
      detail: { client: clients.cli, scope: row.scope, from: row.address, ...detail },
      address: actor.address,
    });

  return {
    knows: async (userCode) => (await find(userCode)) !== undefined,

    async show(actor, userCode) {
      const attempt = await limits.take("user_code", subjectOf(actor));
      const row = await find(userCode);
      const code = asUserCode(userCode);
      if (row === undefined || code === undefined) throw new JitnodeError("activation_unknown");
      await attempt.right();
      if (row.state === "revoked") throw over("activation_cancelled");
      if (row.state === "pending" && clock.now() >= row.expires_at) throw over("activation_expired");
      return {
        userCode: formatCode(code),
        state: row.state,
        scope: row.scope === "people" ? "people" : "activate",
        agent: row.agent,
        address: row.address,
        addressDiffers: limitedAddress(row.address) !== limitedAddress(actor.address),
        requestedAt: toDate(row.created_at),
        expiresAt: toDate(row.expires_at),
        codeNeededFor: (await mustJoin(store, row, actor)) ? (row.org_hint ?? undefined) : undefined,
        organizationHint: row.org_hint ?? undefined,
      };
    },

    async approve(actor, userCode, input, repeat) {
      const asked = await find(userCode);
      const needsCode = asked !== undefined && (await mustJoin(store, asked, actor));
      // Counted before the code is looked at, and taken back only when all went well.
      const attempt = needsCode ? await limits.take("binding_code", subjectOf(actor)) : undefined;
      await decideOnce(actor, userCode, repeat, async (tx, row) => {
        const check = checkNumber(
          { state: row.state, expiresAt: row.expires_at, number: row.number, wrongNumbers: row.wrong_numbers },
          input.number,
        );
        if (!check.ok) {
          await setWrongNumbers(tx, row.id, check.wrongNumbers);
          if (!check.denies) return { kind: "refused", error: new JitnodeError("number_wrong", compare) };
          await decide(tx, row.id, { state: "denied", at: clock.now(), by: null });
          await writeDown(tx, row, actor, "activation.denied", { reason: "number" });
          return { kind: "refused", error: new JitnodeError("activation_denied", tooManyNumbers) };
        }
        if (row.org_hint !== null) await lockOrganization(tx, row.org_hint);
        if (await mustJoin(tx, row, actor)) {
          await joinOrganization(context, tx, actor, input.bindingCode ?? "", row.org_hint ?? undefined);
        }
        await decide(tx, row.id, { state: "approved", at: clock.now(), by: actor.accountId });
        await writeDown(tx, row, actor, "activation.approved");
        return { kind: "done", answer: { state: "approved" } };
      });
      await attempt?.right();
    },

    async deny(actor, userCode, repeat) {
      await decideOnce(actor, userCode, repeat, async (tx, row) => {
        await decide(tx, row.id, { state: "denied", at: clock.now(), by: actor.accountId });
        await writeDown(tx, row, actor, "activation.denied");
        return { kind: "done", answer: { state: "denied" } };
      });
    },
  };
}

/** The registry speaks of a node's activation. */
const endings = {
  activation_cancelled: "This terminal's sign-in was cancelled.",
  activation_expired: "This terminal's sign-in has expired.",
  activation_decided: "This terminal's sign-in was approved or denied already.",
} as const;
const over = (code: keyof typeof endings): JitnodeError =>
  new JitnodeError(code, { message: endings[code], hint: "Start again at the terminal." });
const compare = {
  message: "This is not the number that the terminal shows.",
  hint: "Compare it with the terminal's own output; the third wrong number denies its sign-in.",
} as const;
const tooManyNumbers = {
  message: "The third wrong number has denied this request.",
  hint: "If it was yours, start again at the terminal.",
} as const;
