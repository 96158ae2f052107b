// Where things are mended at an OpenID Connect issuer. Every provider has these five.

export interface Advice {
  readonly callback: string;
  readonly credentials: string;
  readonly issuer: string;
  readonly network: string;
  readonly clock: string;
}

export const network =
  "Try the address from this machine; behind a proxy set HTTPS_PROXY, for an authority of your own NODE_EXTRA_CA_CERTS=FILE.";
export const clock = "Set this machine's clock by NTP.";

export const advice: Advice = {
  callback:
    "Register it at the issuer as a redirect URI of this client: a web application, authorization code with PKCE.",
  credentials:
    "Compare client ID and secret with the client at the issuer; without a secret it must be a public client.",
  issuer: 'Set _ISSUER to the value of "issuer" in the discovery document, character by character.',
  network,
  clock,
};
