// GitHub, github.com and Enterprise Server, by OAuth 2: there is no ID token, so who somebody is comes from the API, over
// TLS. A person is the numeric id: logins are renamed, and taken by others then.

import type { ProviderKind } from "../provider.js";
import { createGitHubClient } from "./client.js";
import { checkGitHub } from "./check.js";
import { mark } from "./mark.js";

export const kind: ProviderKind = {
  label: ({ baseUrl }) => (baseUrl === undefined ? "GitHub" : new URL(baseUrl).host),
  mark,
  create(settings, deps) {
    const github = createGitHubClient(settings, deps.http);
    return {
      issuer: github.issuer,
      authorizationUrl: async (journey) => github.authorizationUrl(journey),
      async identify(callback, journey) {
        const token = await github.exchange(callback, journey);
        const { id, login, name } = await github.user(token);
        return { subject: String(id), name: name ?? login, display: login };
      },
      check: (redirectUri) => checkGitHub(github, deps.clock, redirectUri),
    };
  },
};
