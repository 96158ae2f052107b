// GitHub's web flow and the one question that follows it. Its quirks: errors come with status 200, scopes with commas,
// the form of answers depends on Accept, and a request without User-Agent is refused (http.ts sends one).

import { createHash } from "node:crypto";
import { JitnodeError } from "../../../protocol/errors.js";
import { asShape } from "../../../protocol/parse.js";
import { nullable, open, text, Type, type Static } from "../../../protocol/schema.js";
import { codeOf } from "../callback.js";
import { failed, type ProviderAnswer, type ProviderHttp } from "../http.js";
import { ofToken } from "../oidc/faults.js";
import type { Journey, SignInSettings } from "../provider.js";

const tokenAnswer = open({ access_token: text(500, 1), token_type: text(50) });
const refusal = open({ error: text(200, 1), error_description: Type.Optional(text(1000)) });
const userAnswer = open({
  id: Type.Integer({ minimum: 1 }),
  login: text(100, 1),
  name: Type.Optional(nullable(text(500))),
});

export interface GitHubClient {
  readonly issuer: string;
  authorizationUrl(journey: Journey): string;
  /** The callback's code for a token. */
  exchange(callback: URLSearchParams, journey: Journey): Promise<string>;
  user(token: string): Promise<Static<typeof userAnswer>>;
  /** As GitHub answers: for the check. */
  askForToken(code: string, journey: Pick<Journey, "verifier" | "redirectUri">): Promise<ProviderAnswer>;
}

export const publicGitHub = "https://github.com";

/** The API beside the site: its own host at github.com and its subdomains on ghe.com, a path on Enterprise Server. */
function apiOf(site: string): string {
  const { protocol, host } = new URL(site);
  const ownHost = site === publicGitHub || host.endsWith(".ghe.com");
  return ownHost ? `${protocol}//api.${host}` : `${site}/api/v3`;
}

export function createGitHubClient(settings: SignInSettings, http: ProviderHttp): GitHubClient {
  const { baseUrl: issuer = publicGitHub, clientId, clientSecret = "" } = settings;
  const api = apiOf(issuer);

  const askForToken: GitHubClient["askForToken"] = (code, { verifier, redirectUri }) =>
    http.json({
      method: "POST",
      url: `${issuer}/login/oauth/access_token`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        client_id: clientId,
        client_secret: clientSecret,
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }).toString(),
    });

  return {
    issuer,
    askForToken,

    authorizationUrl({ state, verifier, redirectUri }) {
      const url = new URL(`${issuer}/login/oauth/authorize`);
      url.search = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: "read:user",
        state,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      }).toString();
      return url.href;
    },

    async exchange(callback, journey) {
      const { status, body } = await askForToken(codeOf(callback), journey);
      const refused = asShape(refusal, body);
      if (refused !== undefined) throw ofRefusal(refused);
      const answer = status === 200 ? asShape(tokenAnswer, body) : undefined;
      if (answer === undefined || answer.token_type.toLowerCase() !== "bearer") {
        throw failed(`its token endpoint answered with no token (status ${String(status)})`);
      }
      return answer.access_token;
    },

    async user(token) {
      const { status, body } = await http.json({
        method: "GET",
        url: `${api}/user`,
        headers: {
          authorization: `Bearer ${token}`,
          accept: "application/vnd.github+json",
          "x-github-api-version": "2022-11-28",
        },
      });
      const user = status === 200 ? asShape(userAnswer, body) : undefined;
      if (user === undefined) throw failed(`its API does not say who it is (status ${String(status)})`);
      return user;
    },
  };
}

/** A code that is wrong, used or ten minutes old: whoever came starts again. The rest is for the operator to mend. */
function ofRefusal({ error, error_description: description }: Static<typeof refusal>): JitnodeError {
  if (error !== "bad_verification_code") return ofToken(error, description);
  return new JitnodeError("sign_in_attempt_invalid", { log: { reason: `its token endpoint refused with ${error}` } });
}
