// What clients learn before anything else: the server's metadata (RFC 8414) and its public keys (RFC 7517).

import { serverMetadata } from "../../protocol/oauth.js";
import { Type, open, text } from "../../protocol/schema.js";
import { grantTypes, proofAlgorithms, scopes } from "../../protocol/versions.js";
import type { Routes } from "../context.js";
import { route } from "../http/route.js";
import type { OAuthContext } from "./oauth-context.js";

const strings = Type.Array(text(200), { maxItems: 50 });
const metadata = Type.Object({
  ...serverMetadata.properties,
  scopes_supported: strings,
  response_types_supported: strings,
  grant_types_supported: strings,
  token_endpoint_auth_methods_supported: strings,
  token_endpoint_auth_signing_alg_values_supported: strings,
  revocation_endpoint_auth_methods_supported: strings,
  dpop_signing_alg_values_supported: strings,
});

const jwks = open({
  keys: Type.Array(
    open({
      kty: text(16),
      crv: text(16),
      x: text(64),
      kid: text(64),
      alg: text(16),
      use: text(16),
    }),
    { maxItems: 100 },
  ),
});

export function metadataRoutes(oauth: OAuthContext): Routes {
  return (app, { config: { publicUrl } }, authentication) => {
    route(app, authentication, {
      method: "GET",
      url: "/.well-known/oauth-authorization-server",
      summary: "Metadata of the authorization server",
      caller: "public",
      answers: { 200: metadata },
      handler: async () => ({
        status: 200,
        body: {
          issuer: publicUrl,
          token_endpoint: `${publicUrl}/oauth/token`,
          device_authorization_endpoint: `${publicUrl}/oauth/device_authorization`,
          revocation_endpoint: `${publicUrl}/oauth/revoke`,
          jwks_uri: `${publicUrl}/oauth/jwks`,
          scopes_supported: Object.values(scopes),
          // Required by RFC 8414, and empty: there is no authorization endpoint.
          response_types_supported: [],
          grant_types_supported: Object.values(grantTypes),
          token_endpoint_auth_methods_supported: ["none", "private_key_jwt"],
          token_endpoint_auth_signing_alg_values_supported: [...proofAlgorithms],
          revocation_endpoint_auth_methods_supported: ["none"],
          dpop_signing_alg_values_supported: [...proofAlgorithms],
        },
      }),
    });

    route(app, authentication, {
      method: "GET",
      url: "/oauth/jwks",
      summary: "Public keys of access tokens",
      caller: "public",
      answers: { 200: jwks },
      handler: async () => ({ status: 200, body: await oauth.keys.jwks() }),
    });
  };
}
