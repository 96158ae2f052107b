// Microsoft Entra, one tenant: its own authority by GUID, so that the issuer is exact and nobody of another tenant passes.
// A person is `oid` within the issuer, which holds the tenant; `sub` would change with the client ID, and addresses can
// be set to anything by whoever runs some tenant ("nOAuth").

import { JitnodeError } from "../../../protocol/errors.js";
import { failed } from "../http.js";
import { checkRelyingParty } from "../oidc/check.js";
import { createRelyingParty } from "../oidc/relying-party.js";
import type { ProviderKind } from "../provider.js";
import { advice } from "./advice.js";
import { mark } from "./mark.js";

export const kind: ProviderKind = {
  label: () => "Microsoft",
  mark,
  create(settings, { http, clock }) {
    const { baseUrl = "https://login.microsoftonline.com", clientId, clientSecret, tenant = "" } = settings;
    const issuer = `${baseUrl}/${tenant}/v2.0`;
    const party = createRelyingParty({ issuer, clientId, clientSecret, http, clock });
    return {
      issuer,
      authorizationUrl: (journey) => party.authorizationUrl(journey, { prompt: "select_account" }),
      async identify(callback, journey) {
        const { name, oid, tid, preferred_username: login } = await party.claims(callback, journey);
        if (tid !== tenant) {
          throw new JitnodeError("sign_in_not_permitted", {
            log: { reason: "the account is of another tenant (tid)" },
          });
        }
        if (typeof oid !== "string" || oid === "")
          throw failed("the ID token has no oid: is the scope profile granted?");
        return { subject: oid, name, display: typeof login === "string" ? login : undefined };
      },
      check: (redirectUri) => checkRelyingParty(party, { settings, clock, advice, redirectUri }),
    };
  },
};
