// What travels at the OAuth endpoints: RFC 8628, 6749, 7523, 7009, 8414, with the additions of DESIGN section 3
// (`number` in the device answer; claims of the node; `org_hint`, `expected_org`).

import { Type, nodeId, number, open, text, url, userCode, type Static } from "./schema.js";

export const deviceAuthorizationRequest = open({
  client_id: text(64, 1),
  scope: Type.Optional(text(200)),
  node_name: Type.Optional(text(320)),
  node_version: Type.Optional(text(64)),
  node_os: Type.Optional(text(64)),
  expected_org: Type.Optional(text(64)),
  org_hint: Type.Optional(text(64)),
});
export type DeviceAuthorizationRequest = Static<typeof deviceAuthorizationRequest>;

export const deviceAuthorizationAnswer = open({
  device_code: text(256, 20),
  user_code: userCode,
  number: Type.Optional(number),
  verification_uri: url,
  verification_uri_complete: Type.Optional(url),
  expires_in: Type.Integer({ minimum: 1, maximum: 86_400 }),
  interval: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
});
export type DeviceAuthorizationAnswer = Static<typeof deviceAuthorizationAnswer>;

export const tokenRequest = open({
  grant_type: text(200, 1),
  client_id: Type.Optional(text(64)),
  device_code: Type.Optional(text(256)),
  refresh_token: Type.Optional(text(512)),
  scope: Type.Optional(text(200)),
  client_assertion_type: Type.Optional(text(200)),
  client_assertion: Type.Optional(text(4096)),
});
export type TokenRequest = Static<typeof tokenRequest>;

/** For a node's device code there is no refresh token: it comes back by its key. `node_id` says which key was bound. */
export const tokenAnswer = open({
  access_token: text(4096, 10),
  token_type: Type.Union([Type.Literal("DPoP"), Type.Literal("Bearer"), Type.Literal("bearer")]),
  expires_in: Type.Integer({ minimum: 1 }),
  refresh_token: Type.Optional(text(512)),
  scope: Type.Optional(text(200)),
  node_id: Type.Optional(nodeId),
});
export type TokenAnswer = Static<typeof tokenAnswer>;

export const oauthErrorCodes = [
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
  "temporarily_unavailable",
  "server_error",
] as const;
export type OAuthErrorCode = (typeof oauthErrorCodes)[number];

export const oauthError = open({ error: text(100, 1), error_description: Type.Optional(text(1000)) });
export type OAuthErrorBody = Static<typeof oauthError>;

export const revocationRequest = open({
  token: text(4096, 1),
  token_type_hint: Type.Optional(text(64)),
  client_id: Type.Optional(text(64)),
});

export const serverMetadata = open({
  issuer: url,
  token_endpoint: url,
  device_authorization_endpoint: url,
  revocation_endpoint: url,
  jwks_uri: url,
});
export type ServerMetadata = Static<typeof serverMetadata>;
