// POST /oauth/token: one endpoint, a file for each grant.

import { tokenAnswer, tokenRequest } from "../../protocol/oauth.js";
import { grantTypes } from "../../protocol/versions.js";
import type { Routes } from "../context.js";
import { addressOf, agentOf } from "../http/requests.js";
import { route } from "../http/route.js";
import { clientCredentialsGrant } from "./client-credentials-grant.js";
import { deviceCodeGrant, type GrantRequest } from "./device-code-grant.js";
import { answerGrant, type GrantOutcome } from "./grant.js";
import { OAuthError, type OAuthContext } from "./oauth-context.js";
import { refreshTokenGrant } from "./refresh-token-grant.js";

type Grant = (oauth: OAuthContext, request: GrantRequest) => Promise<GrantOutcome>;

const grants: ReadonlyMap<string, Grant> = new Map([
  [grantTypes.deviceCode, deviceCodeGrant],
  [grantTypes.refreshToken, refreshTokenGrant],
  [grantTypes.clientCredentials, clientCredentialsGrant],
]);

export function tokenRoute(oauth: OAuthContext): Routes {
  return (app, { metrics }, authentication) => {
    route(app, authentication, {
      method: "POST",
      url: "/oauth/token",
      summary: "Redeem a device code, refresh a session, or authenticate a node",
      caller: "public",
      body: tokenRequest,
      answers: { 200: tokenAnswer },
      oauthErrors: {
        400: [
          "invalid_request",
          "invalid_client",
          "invalid_grant",
          "unauthorized_client",
          "unsupported_grant_type",
          "invalid_scope",
          "authorization_pending",
          "slow_down",
          "access_denied",
          "expired_token",
          "invalid_dpop_proof",
          "use_dpop_nonce",
        ],
        415: ["invalid_request"],
      },
      async handler({ request, body }) {
        const grant = grants.get(body.grant_type);
        if (grant === undefined) throw new OAuthError("unsupported_grant_type", "This grant type is not offered.");
        const proof = await oauth.proofOf(request);
        const outcome = await grant(oauth, { body, proof, address: addressOf(request), agent: agentOf(request) });
        const answer = await answerGrant(oauth, outcome);
        metrics.count("tokens_issued_total", { grant: body.grant_type.replace(/^.*:/, "") });
        return { status: 200, body: answer };
      },
    });
  };
}
