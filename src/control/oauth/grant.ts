// What a grant ends in, and the token answer made from it. Tokens are signed after the commit: whoever loses the answer
// in between asks again within the retry window (people) or by key (nodes).

import type { Thumbprint } from "../../domain/ids.js";
import type { OAuthErrorCode, TokenAnswer } from "../../protocol/oauth.js";
import { clients, scopes } from "../../protocol/versions.js";
import { OAuthError, type OAuthContext } from "./oauth-context.js";

export type GrantOutcome =
  | { readonly kind: "refused"; readonly error: OAuthErrorCode; readonly description: string }
  | {
      readonly kind: "person";
      readonly accountId: string;
      readonly sessionId: string;
      readonly scope: string;
      readonly jkt: Thumbprint;
      readonly refreshToken: string;
    }
  | { readonly kind: "node"; readonly nodeId: string; readonly jkt: Thumbprint };

export const refused = (error: OAuthErrorCode, description: string): GrantOutcome => ({
  kind: "refused",
  error,
  description,
});

export async function answerGrant(oauth: OAuthContext, outcome: GrantOutcome): Promise<TokenAnswer> {
  if (outcome.kind === "refused") throw new OAuthError(outcome.error, outcome.description);
  if (outcome.kind === "node") {
    const { token, expiresIn } = await oauth.tokens.issue({
      subject: outcome.nodeId,
      clientId: clients.node,
      scope: scopes.node,
      jkt: outcome.jkt,
    });
    return {
      access_token: token,
      token_type: "DPoP",
      expires_in: expiresIn,
      scope: scopes.node,
      node_id: outcome.nodeId,
    };
  }
  const { token, expiresIn } = await oauth.tokens.issue({
    subject: outcome.accountId,
    clientId: clients.cli,
    scope: outcome.scope,
    jkt: outcome.jkt,
    sessionId: outcome.sessionId,
  });
  return {
    access_token: token,
    token_type: "DPoP",
    expires_in: expiresIn,
    scope: outcome.scope,
    refresh_token: outcome.refreshToken,
  };
}
