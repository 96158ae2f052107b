// Where things are mended at GitHub.

import { clock, network } from "../oidc/advice.js";

const app = "GitHub → Settings → Developer settings → OAuth Apps → this app";

export const advice = {
  callback: `${app}: Authorization callback URL must be it.`,
  credentials: `${app}: compare the client ID, and make a new client secret.`,
  address: "For Enterprise Server set _BASE_URL to https://HOST alone; for github.com leave it out.",
  network,
  clock,
} as const;
