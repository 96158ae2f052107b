// The program's own version and the clients of the authorization server.

export const version = "0.1.0";

/** OAuth client ids: both public clients, told apart by what their grants may do. */
export const clients = { node: "jitnode-node", cli: "jitnode-cli" } as const;
export type ClientId = (typeof clients)[keyof typeof clients];

/** `node`: the nodes' API. `activate`: own organizations, create, join, approve. `people`: everything a person may do. */
export const scopes = { node: "node", activate: "activate", people: "people" } as const;
export type PeopleScope = "activate" | "people";

export const grantTypes = {
  deviceCode: "urn:ietf:params:oauth:grant-type:device_code",
  refreshToken: "refresh_token",
  clientCredentials: "client_credentials",
} as const;
export const jwtBearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** JWS algorithms for DPoP proofs and client assertions, and nothing else. */
export const proofAlgorithms = ["Ed25519", "EdDSA", "ES256"] as const;
