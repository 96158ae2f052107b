// The device grant (RFC 8628) as single steps with their outcomes: one request, one poll. Waiting between polls, storing
// and showing are the caller's: the daemon's (jitnode-node) and the command line's (jitnode-cli).

import { JitnodeError } from "../protocol/errors.js";
import {
  deviceAuthorizationAnswer,
  tokenAnswer,
  type DeviceAuthorizationAnswer,
  type TokenAnswer,
} from "../protocol/oauth.js";
import { Type } from "../protocol/schema.js";
import { grantTypes, type ClientId } from "../protocol/versions.js";
import { isOfOrigin } from "./control-answers.js";
import type { CallOptions, ControlTransport, Failure, Form, OAuthRefusal } from "./control-transport.js";

/** RFC 8628 section 3.5: the interval where none is given, and what slow_down adds; seconds. */
export const defaultInterval = 5;
const slowDownStep = 5;

export type DeviceRequestResult =
  { readonly kind: "requested"; readonly request: DeviceAuthorizationAnswer } | OAuthRefusal | Failure;

/** `details` are further members of the form: claims of the node, `expected_org`, `org_hint`. */
export async function requestDevice(
  transport: ControlTransport,
  input: { readonly clientId: ClientId; readonly scope: string; readonly details?: Form },
  call: CallOptions = {},
): Promise<DeviceRequestResult> {
  const form = { client_id: input.clientId, scope: input.scope, ...input.details };
  const answer = await transport.oauth("device_authorization", form, { ...call, schema: deviceAuthorizationAnswer });
  if (answer.kind !== "ok") return answer;
  const { verification_uri: link, verification_uri_complete: complete } = answer.body;
  // People follow these links and sign in there: never anywhere but at the issuer.
  if (!isOfOrigin(link, transport.issuer) || !isOfOrigin(complete ?? link, transport.issuer)) {
    return {
      kind: "failure",
      error: new JitnodeError("control_plane_mismatch", {
        message: "The control plane gave a link that leads to another host than its own.",
        log: { issuer: transport.issuer, link, complete },
      }),
    };
  }
  // As the parser wrote them, so that nothing in them can play with a terminal.
  const links = {
    verification_uri: new URL(link).href,
    ...(complete === undefined ? {} : { verification_uri_complete: new URL(complete).href }),
  };
  return { kind: "requested", request: { ...answer.body, ...links } };
}

/** `interval`: seconds to wait before the next poll. */
export type PollResult =
  | { readonly kind: "pending" | "slow_down"; readonly interval: number }
  | { readonly kind: "denied" | "expired" }
  | { readonly kind: "grant"; readonly token: TokenAnswer }
  /** Polling must stop (RFC 8628 section 3.5: any other error). */
  | { readonly kind: "refused"; readonly error: string; readonly description: string | undefined }
  /** Nothing reliable came back: poll again later, more slowly. */
  | Failure;

export async function pollDevice(
  transport: ControlTransport,
  input: { readonly clientId: ClientId; readonly deviceCode: string; readonly interval: number },
  call: CallOptions = {},
): Promise<PollResult> {
  const form = { grant_type: grantTypes.deviceCode, client_id: input.clientId, device_code: input.deviceCode };
  const answer = await transport.oauth("token", form, { ...call, schema: tokenAnswer });
  if (answer.kind === "ok") return { kind: "grant", token: answer.body };
  if (answer.kind === "failure") return answer;
  switch (answer.error) {
    case "authorization_pending":
      return { kind: "pending", interval: input.interval };
    case "slow_down":
      return { kind: "slow_down", interval: input.interval + slowDownStep };
    case "access_denied":
      return { kind: "denied" };
    case "expired_token":
      return { kind: "expired" };
    default:
      return { kind: "refused", error: answer.error, description: answer.description };
  }
}

/** RFC 7009, for device codes and refresh tokens alike. A token that is gone already is a success; the body says nothing. */
export async function revokeToken(
  transport: ControlTransport,
  input: { readonly clientId: ClientId; readonly token: string; readonly hint?: "device_code" | "refresh_token" },
  call: CallOptions = {},
): Promise<{ readonly kind: "revoked" } | OAuthRefusal | Failure> {
  const form = { client_id: input.clientId, token: input.token, token_type_hint: input.hint };
  const answer = await transport.oauth("revocation", form, { ...call, schema: Type.Unknown() });
  return answer.kind === "ok" ? { kind: "revoked" } : answer;
}
