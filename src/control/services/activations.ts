// Activation requests of nodes, as the person sees and decides them (DESIGN section 3, messages 4 and 5). The people's
// API and the pages use this same service. Requests of jitnode-cli do not exist here: they are decided on the page only.
//
// Invariant: an approval is one transaction. A refusal leaves the request pending and nothing behind it, but a wrong
// number is counted, and the third one denies.

import { checkNumber, refuseDecision } from "../../domain/activation.js";
import { asUserCode, formatCode } from "../../domain/codes.js";
import { asThumbprint, nodeIdOf } from "../../domain/ids.js";
import { asName } from "../../domain/names.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import {
  approvalAnswer,
  decisionAnswer,
  type Activation,
  type ApprovalAnswer,
  type ApprovalRequest,
  type DecisionAnswer,
  type DenialRequest,
} from "../../protocol/people.js";
import { clients } from "../../protocol/versions.js";
import type { ControlContext, LimitName, PersonActor, Tx } from "../context.js";
import { limitedAddress } from "../http/addresses.js";
import {
  decide,
  findByUserCode,
  lockByUserCode,
  setWrongNumbers,
  type DeviceRequest,
} from "../store/device-requests.js";
import { findRole } from "../store/memberships.js";
import { auditActorOf, holdOrganization, requireAccess, subjectOf, type HeldOrganization } from "./access.js";
import { readAgreement } from "./agreement.js";
import { bindNode } from "./binding.js";
import { foundOrganization } from "./founding.js";
import { runOnce, type Outcome, type Repeat } from "./idempotency.js";
import { joinOrganization } from "./joining.js";
import { limited } from "./limited.js";

export interface Activations {
  /** Refuses: activation_unknown, activation_expired, activation_cancelled, rate_limited. */
  show(actor: PersonActor, userCode: string): Promise<Activation>;
  /** Refuses with the codes of DESIGN section 3; `number_wrong` is counted and the third one denies. */
  approve(actor: PersonActor, userCode: string, input: ApprovalRequest, repeat: Repeat): Promise<ApprovalAnswer>;
  deny(actor: PersonActor, userCode: string, input: DenialRequest, repeat: Repeat): Promise<DecisionAnswer>;
}

export function createActivations(context: ControlContext): Activations {
  const { clock, store, secrets, audit } = context;
  const agreement = readAgreement(context.config);

  const lookupOf = (userCode: string): string => {
    const code = asUserCode(userCode);
    if (code === undefined) throw new JitnodeError("activation_unknown");
    return secrets.lookup("user_code", code);
  };

  /** The request, its row held, if it may still be decided. */
  const holdPending = async (tx: Tx, userCode: string): Promise<DeviceRequest> => {
    const request = nodeRequest(await lockByUserCode(tx, lookupOf(userCode)));
    if (request.state === "revoked") throw new JitnodeError("activation_cancelled");
    const refusal = refuseDecision({ state: request.state, expiresAt: request.expires_at }, clock.now());
    if (refusal !== undefined) throw new JitnodeError(refusal);
    return request;
  };

  const decided = async (
    tx: Tx,
    actor: PersonActor,
    request: DeviceRequest,
    decision: { readonly state: "approved"; readonly bindingId: string } | { readonly state: "denied" },
    detail: Readonly<Record<string, unknown>>,
    organization?: HeldOrganization,
  ): Promise<void> => {
    // A third wrong number is nobody's decision.
    const by = "because" in detail ? null : actor.accountId;
    const wasPending = await decide(tx, request.id, { ...decision, at: clock.now(), by });
    if (!wasPending) throw new JitnodeError("activation_decided");
    await audit.write(tx, {
      action: decision.state === "approved" ? "activation.approved" : "activation.denied",
      actor: auditActorOf(actor),
      orgId: organization?.id,
      subject: request.id,
      detail: { key_thumbprint: request.dpop_jkt, ...detail },
      address: actor.address,
    });
  };

  /** Written and committed although the approval is refused. */
  const countWrongNumber = async (
    tx: Tx,
    actor: PersonActor,
    request: DeviceRequest,
    check: { readonly wrongNumbers: number; readonly denies: boolean },
  ): Promise<JitnodeError> => {
    await setWrongNumbers(tx, request.id, check.wrongNumbers);
    if (!check.denies) return new JitnodeError("number_wrong");
    await decided(tx, actor, request, { state: "denied" }, { because: "number_wrong" });
    return new JitnodeError("number_wrong", {
      message: "The number is not the one the node shows; it was the third wrong one, and the activation is denied.",
      hint: "Start a new one with `jitnode activate` on the node.",
    });
  };

  const chooseOrganization = (
    tx: Tx,
    actor: PersonActor,
    request: DeviceRequest,
    choice: ApprovalRequest["organization"],
  ): Promise<HeldOrganization> => {
    const expected = request.expected_org ?? undefined;
    if ("join" in choice) return joinOrganization(context, tx, actor, choice.join.binding_code, expected);
    const chosen = "create" in choice ? choice.create.id : choice.use.id;
    if (expected !== undefined && chosen !== expected) throw new JitnodeError("org_mismatch");
    return "create" in choice
      ? foundOrganization(context, agreement, tx, actor, choice.create)
      : holdOrganization(tx, actor, chosen, "bind_node");
  };

  const approveIn = async (
    tx: Tx,
    actor: PersonActor,
    userCode: string,
    input: ApprovalRequest,
  ): Promise<Outcome<ApprovalAnswer>> => {
    const request = await holdPending(tx, userCode);
    const number = checkNumber(
      {
        state: request.state,
        expiresAt: request.expires_at,
        number: request.number,
        wrongNumbers: request.wrong_numbers,
      },
      input.number,
    );
    if (!number.ok) return { kind: "refused", error: await countWrongNumber(tx, actor, request, number) };
    if (input.key_thumbprint !== request.dpop_jkt) throw new JitnodeError("node_mismatch");
    const organization = await chooseOrganization(tx, actor, request, input.organization);
    const { bindingId, nodeId } = await bindNode(context, tx, actor, request, organization);
    await decided(
      tx,
      actor,
      request,
      { state: "approved", bindingId },
      { binding_id: bindingId, node_id: nodeId },
      organization,
    );
    const role = await findRole(tx, organization.id, actor.accountId);
    if (role === undefined) throw new JitnodeError("org_not_found");
    return {
      kind: "done",
      answer: { binding_id: bindingId, node_id: nodeId, organization: { ...organization }, role },
    };
  };

  return {
    async show(actor, userCode) {
      const { request } = await limited(context, subjectOf(actor), ["user_code"], async () => ({
        request: nodeRequest(await findByUserCode(store, lookupOf(userCode))),
        replayed: false,
      }));
      if (request.state === "revoked") throw new JitnodeError("activation_cancelled");
      if (request.state === "pending" && clock.now() >= request.expires_at)
        throw new JitnodeError("activation_expired");
      const yours =
        request.expected_org !== null && (await findRole(store, request.expected_org, actor.accountId)) !== undefined;
      return toActivation(request, request.state, userCode, actor, yours);
    },

    async approve(actor, userCode, input, repeat) {
      const { answer } = await limited(context, subjectOf(actor), limitsOf(input), () =>
        runOnce(context, actor.accountId, repeat, {
          answer: approvalAnswer,
          work: (tx) => approveIn(tx, actor, userCode, input),
          authorizeReplay: async (tx, { organization }) =>
            void (await requireAccess(tx, actor, organization.id, "bind_node")),
        }),
      );
      return answer;
    },

    async deny(actor, userCode, input, repeat) {
      const { answer } = await limited(context, subjectOf(actor), ["user_code"], () =>
        runOnce(context, actor.accountId, repeat, {
          answer: decisionAnswer,
          work: async (tx): Promise<Outcome<DecisionAnswer>> => {
            const request = await holdPending(tx, userCode);
            if (input.key_thumbprint !== undefined && input.key_thumbprint !== request.dpop_jkt) {
              throw new JitnodeError("node_mismatch");
            }
            await decided(tx, actor, request, { state: "denied" }, {});
            return { kind: "done", answer: { user_code: shown(userCode), state: "denied" } };
          },
          authorizeReplay: async () => undefined,
        }),
      );
      return answer;
    },
  };
}

const limitsOf = ({ organization }: ApprovalRequest): readonly LimitName[] => [
  "user_code",
  ...("join" in organization ? (["binding_code"] as const) : []),
  ...("create" in organization ? (["org_creation"] as const) : []),
];

/** Unknown, and of another client, are the same to whoever asks. */
function nodeRequest(request: DeviceRequest | undefined): DeviceRequest {
  if (request === undefined || request.client_id !== clients.node) throw new JitnodeError("activation_unknown");
  return request;
}

function shown(userCode: string): string {
  const code = asUserCode(userCode);
  if (code === undefined) throw new JitnodeError("activation_unknown");
  return formatCode(code);
}

function toActivation(
  request: DeviceRequest,
  state: Activation["state"],
  userCode: string,
  actor: PersonActor,
  expectedOrgIsYours: boolean,
): Activation {
  const thumbprint = asThumbprint(request.dpop_jkt ?? "");
  if (thumbprint === undefined) throw new JitnodeError("internal_error", { log: { reason: "request without a key" } });
  const id = nodeIdOf(thumbprint);
  return {
    user_code: shown(userCode),
    state,
    node: {
      id,
      key_thumbprint: thumbprint,
      name: asName(request.node_name) ?? id,
      version: request.node_version,
      os: request.node_os,
    },
    address: request.address,
    address_differs: limitedAddress(request.address) !== limitedAddress(actor.address),
    requested_at: toDate(request.created_at),
    expires_at: toDate(request.expires_at),
    ...(expectedOrgIsYours ? { expected_org_is_yours: true } : {}),
  };
}
