// The forms of a device request: as the control plane answers it, as it is kept, as it is shown.

import type { OAuthRefusal } from "../../client/control-transport.js";
import { defaultInterval } from "../../client/device-flow.js";
import { toDate } from "../../platform/clock.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { ActivationAnswer } from "../../protocol/local.js";
import type { DeviceAuthorizationAnswer } from "../../protocol/oauth.js";
import type { DaemonContext } from "../context.js";
import type { PendingRequest } from "../state/shapes.js";

/** `asked`: when, by this machine's clock. `renewals`: of a request that the daemon makes by itself. */
export function toPending(
  issuer: string,
  answer: DeviceAuthorizationAnswer,
  asked: number,
  renewals: number | undefined,
): PendingRequest {
  const { device_code, user_code, number, verification_uri, verification_uri_complete } = answer;
  return {
    issuer,
    device_code,
    user_code,
    ...(number === undefined ? {} : { number }),
    verification_uri,
    ...(verification_uri_complete === undefined ? {} : { verification_uri_complete }),
    requested_at: asked,
    expires_at: asked + answer.expires_in * 1000,
    interval: answer.interval ?? defaultInterval,
    ...(renewals === undefined ? {} : { renewals }),
  };
}

/** Everything but the device code. */
export function toAnswer(
  context: Pick<DaemonContext, "config" | "identity">,
  request: PendingRequest,
): ActivationAnswer {
  const { issuer, user_code, number, verification_uri, verification_uri_complete } = request;
  return {
    state: "pending",
    issuer,
    user_code,
    ...(number === undefined ? {} : { number }),
    verification_uri,
    ...(verification_uri_complete === undefined ? {} : { verification_uri_complete }),
    requested_at: toDate(request.requested_at),
    expires_at: toDate(request.expires_at),
    node: {
      id: context.identity.nodeId,
      name: context.config.name,
      key_thumbprint: context.identity.key.thumbprint,
    },
  };
}

export const toRefusal = ({ error, description }: OAuthRefusal): JitnodeError =>
  new JitnodeError("control_plane_error", {
    message: "The control plane refused to begin an activation.",
    log: { error, description },
  });
