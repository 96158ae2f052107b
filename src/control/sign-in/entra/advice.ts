// Where things are mended at Microsoft Entra.

import { clock, network, type Advice } from "../oidc/advice.js";

const registration = "entra.microsoft.com → App registrations → this application";

export const advice: Advice = {
  callback: `${registration} → Authentication → Redirect URIs of the platform Web must list it exactly.`,
  credentials: `${registration} → Overview has the client ID; Certificates & secrets: copy the Value of a secret that has not expired, not its ID.`,
  issuer: `${registration} → Overview: _TENANT is the Directory (tenant) ID; _BASE_URL only for a national cloud.`,
  network,
  clock,
};
