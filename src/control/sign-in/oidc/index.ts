// Any OpenID Connect issuer, by its discovery document alone.

import { JitnodeError } from "../../../protocol/errors.js";
import type { ProviderKind } from "../provider.js";
import { checkRelyingParty } from "./check.js";
import { advice } from "./advice.js";
import { mark } from "./mark.js";
import { createRelyingParty, type Claims } from "./relying-party.js";

export const kind: ProviderKind = {
  label: ({ issuer, name }) => (issuer === undefined ? name : new URL(issuer).host),
  mark,
  create(settings, { http, clock }) {
    const { allowedDomains, clientId, clientSecret, issuer = "" } = settings;
    const restricted = allowedDomains.length > 0;
    const party = createRelyingParty({
      issuer,
      clientId,
      clientSecret,
      http,
      clock,
      // Many give the name and the address in UserInfo only (OIDC Core 5.4).
      lacks: ({ name, email, email_verified: verified }) =>
        name === undefined || (restricted && (email === undefined || verified === undefined)),
    });
    return {
      issuer,
      authorizationUrl: (journey) => party.authorizationUrl(journey),
      async identify(callback, journey) {
        const claims = await party.claims(callback, journey);
        if (restricted) assertDomain(claims, allowedDomains);
        const { sub, name, email } = claims;
        return { subject: sub, name, display: email ?? text(claims["preferred_username"]) };
      },
      check: (redirectUri) => checkRelyingParty(party, { settings, clock, advice, redirectUri }),
    };
  },
};

/** Only an address that the issuer has verified says anything about a domain. */
function assertDomain({ email, email_verified: verified }: Claims, allowed: readonly string[]): void {
  const domain = email?.slice(email.lastIndexOf("@") + 1).toLowerCase() ?? "";
  if (verified === true && email?.includes("@") === true && allowed.includes(domain)) return;
  throw new JitnodeError("sign_in_not_permitted", {
    log: { reason: "no verified e-mail address of an allowed domain" },
  });
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
