// Google accounts, by OpenID Connect. An address says nothing about who somebody is; the Workspace domain is the claim
// `hd` of the ID token, which the parameter of the same name only suggests (anybody can take that away).

import { JitnodeError } from "../../../protocol/errors.js";
import { checkRelyingParty } from "../oidc/check.js";
import { createRelyingParty } from "../oidc/relying-party.js";
import type { ProviderKind } from "../provider.js";
import { advice } from "./advice.js";
import { mark } from "./mark.js";

export const kind: ProviderKind = {
  label: () => "Google",
  mark,
  create(settings, { http, clock }) {
    const { allowedDomains, clientId, clientSecret, issuer = "https://accounts.google.com" } = settings;
    const party = createRelyingParty({ issuer, clientId, clientSecret, http, clock });
    const [only, ...others] = allowedDomains;
    const chooser = only === undefined ? {} : { hd: others.length === 0 ? only : "*" };
    return {
      issuer,
      authorizationUrl: (journey) => party.authorizationUrl(journey, { prompt: "select_account", ...chooser }),
      async identify(callback, journey) {
        const { sub, name, email, hd } = await party.claims(callback, journey);
        if (only !== undefined && !(typeof hd === "string" && allowedDomains.includes(hd.toLowerCase()))) {
          throw new JitnodeError("sign_in_not_permitted", { log: { reason: "the claim hd names no allowed domain" } });
        }
        return { subject: sub, name, display: email };
      },
      check: (redirectUri) => checkRelyingParty(party, { settings, clock, advice, redirectUri }),
    };
  },
};
