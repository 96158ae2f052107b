// The states of a device request and what may still happen to it (RFC 8628; DESIGN section 3).
// A request is decided once: pending → approved | denied; expiry is a matter of the clock, never written.

export type RequestState = "pending" | "approved" | "denied" | "revoked";

export interface DecidableRequest {
  readonly state: RequestState;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly number: string;
  readonly wrongNumbers: number;
}

export const wrongNumbersUntilDenial = 3;

export type DecisionRefusal = "activation_expired" | "activation_decided" | "number_wrong";

/** Still pending and not expired? The order matters: what was decided stays decided after its expiry. */
export function refuseDecision(
  request: Pick<DecidableRequest, "state" | "expiresAt">,
  now: number,
): "activation_expired" | "activation_decided" | undefined {
  if (request.state !== "pending") return "activation_decided";
  return now >= request.expiresAt ? "activation_expired" : undefined;
}

export type NumberCheck =
  { readonly ok: true } | { readonly ok: false; readonly wrongNumbers: number; readonly denies: boolean };

/** The third wrong number denies the request. */
export function checkNumber(request: DecidableRequest, given: string): NumberCheck {
  if (given === request.number) return { ok: true };
  const wrongNumbers = request.wrongNumbers + 1;
  return { ok: false, wrongNumbers, denies: wrongNumbers >= wrongNumbersUntilDenial };
}

/** How a person says which organization gets the node. */
export type OrganizationChoice =
  | { readonly create: { readonly id: string; readonly name: string; readonly agreement: string } }
  | { readonly use: { readonly id: string } }
  | { readonly join: { readonly binding_code: string } };
