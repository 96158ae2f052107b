// Activation requests of nodes, as the person sees and decides them (DESIGN section 3, messages 4 and 5). The people's
// API and the pages use this same service.

import type { Activation, ApprovalAnswer, ApprovalRequest, DecisionAnswer, DenialRequest } from "../../protocol/people.js";
import type { ControlContext, PersonActor } from "../context.js";
import type { Repeat } from "./idempotency.js";

export interface Activations {
  /** Refuses: activation_unknown, activation_expired, activation_cancelled, rate_limited. */
  show(actor: PersonActor, userCode: string): Promise<Activation>;
  /** Refuses with the codes of DESIGN section 3; `number_wrong` is counted and the third one denies. */
  approve(actor: PersonActor, userCode: string, input: ApprovalRequest, repeat: Repeat): Promise<ApprovalAnswer>;
  deny(actor: PersonActor, userCode: string, input: DenialRequest, repeat: Repeat): Promise<DecisionAnswer>;
}

export declare function createActivations(context: ControlContext): Activations;
