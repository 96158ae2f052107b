// Where things are mended at Google.

import { clock, network, type Advice } from "../oidc/advice.js";

export const advice: Advice = {
  callback:
    "console.cloud.google.com → Google Auth Platform → Clients → this client → Authorized redirect URIs must list it exactly.",
  credentials:
    "console.cloud.google.com → Google Auth Platform → Clients: the client's type is Web application; copy its ID and make a new secret.",
  issuer: "Google needs no _ISSUER: take it away.",
  network,
  clock,
};
