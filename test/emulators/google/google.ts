// Google's OpenID Connect, as shared reference "signin-providers" section 2 describes it, with all its hosts at one
// base URL. Its legacy issuer value is the issuer without the scheme, as `accounts.google.com` is.
import { createHash, randomBytes } from "node:crypto";
import { createMovableClock, hour, type MovableClock } from "../common/clock.js";
import { createCodes } from "../common/codes.js";
import { decideAt, type Decision } from "../common/decide.js";
import { choicePage, errorPage } from "../common/page.js";
import { challengeOf, fits, wrongChallenge, type Challenge } from "../common/pkce.js";
import { json, redirect, startEmulatorServer, withQuery } from "../common/server.js";
import type { Answer, Asked, EmulatorServer, Endpoint } from "../common/server.js";
import { presentedClient } from "../openid/client-secret.js";
import { createIdTokens, type TokenFault } from "../openid/id-tokens.js";
import { ada, grace, pat, type GooglePerson } from "./people.js";

export type GoogleOptions = {
  /** Must match exactly. */
  readonly redirectUris?: readonly string[];
  readonly people?: readonly GooglePerson[];
  readonly port?: number;
};

export type GoogleEmulator = Omit<EmulatorServer, "port"> & {
  readonly issuer: string;
  readonly client: { readonly id: string; secret: string; readonly redirectUris: string[] };
  readonly people: GooglePerson[];
  readonly clock: MovableClock;
  readonly quirks: {
    /** The ID token's `iss` without "https://". */
    legacyIssuer: boolean;
    token?: TokenFault | undefined;
    /** `iss` of the callback: sent by default, left out, or another's. */
    callbackIssuer: "right" | "missing" | "wrong";
    /** Claims laid over those of the ID token; undefined takes one away. */
    claims: Readonly<Record<string, unknown>>;
    /** Members laid over those of the discovery document. */
    discovery: Readonly<Record<string, unknown>>;
    /** UserInfo speaks of somebody else. */
    otherUserinfo: boolean;
  };
  readonly rotateKeys: (options?: { readonly forget?: boolean }) => Promise<void>;
  /** A person's way through the page without a browser; `person` is a `sub`, or "cancel". */
  readonly decide: (authorizeUrl: string, person: string) => Promise<Decision>;
  /** For the type "google"; the same server is a foreign issuer for the type "oidc". */
  readonly settings: (name: string, type?: "google" | "oidc") => Readonly<Record<string, string>>;
};

type Grant = {
  readonly person: GooglePerson;
  readonly redirectUri: string;
  readonly nonce: string | null;
  readonly scopes: readonly string[];
  readonly challenge: Challenge;
};

const refuse = (status: number, error: string, error_description: string): Answer =>
  json(status, { error, error_description });

export async function startGoogle(options: GoogleOptions = {}): Promise<GoogleEmulator> {
  const clock = createMovableClock();
  const idTokens = await createIdTokens();
  const codes = createCodes<Grant>(clock, () => `4/0A${randomBytes(30).toString("base64url")}`);
  const tokens = new Map<string, { readonly person: GooglePerson; readonly until: number }>();
  const people = [...(options.people ?? [ada(), grace(), pat()])];
  const client = {
    id: "407408718192-t0st1ng0nly.apps.googleusercontent.example",
    secret: `GOCSPX-${randomBytes(21).toString("base64url")}`,
    redirectUris: [...(options.redirectUris ?? [])],
  };
  const quirks: GoogleEmulator["quirks"] = {
    legacyIssuer: false,
    callbackIssuer: "right",
    claims: {},
    discovery: {},
    otherUserinfo: false,
  };

  const discovery = (): Answer =>
    json(200, {
      issuer: server.url,
      authorization_endpoint: `${server.url}/o/oauth2/v2/auth`,
      device_authorization_endpoint: `${server.url}/device/code`,
      token_endpoint: `${server.url}/token`,
      userinfo_endpoint: `${server.url}/v1/userinfo`,
      revocation_endpoint: `${server.url}/revoke`,
      jwks_uri: `${server.url}/oauth2/v3/certs`,
      response_types_supported: ["code", "token", "id_token", "code token", "none"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid", "email", "profile"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
      claims_supported: ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
      code_challenge_methods_supported: ["plain", "S256"],
      authorization_response_iss_parameter_supported: true,
      ...quirks.discovery,
    });

  function authorize(asked: Asked): Answer {
    const { query } = asked;
    const redirectUri = query.get("redirect_uri") ?? "";
    if (query.get("client_id") !== client.id) return errorPage(401, "Error 401: invalid_client", "Not found.");
    if (!client.redirectUris.includes(redirectUri)) {
      return errorPage(400, "Error 400: redirect_uri_mismatch", `redirect_uri=${redirectUri}`);
    }
    const challenge = challengeOf(query);
    const wrong = wrongChallenge(challenge);
    if (wrong !== null) return errorPage(400, "Error 400: invalid_request", wrong);
    const scopes = (query.get("scope") ?? "").split(" ");
    if (query.get("response_type") !== "code" || !scopes.includes("openid")) {
      return errorPage(400, "Error 400: invalid_request", "response_type=code and the scope openid are needed.");
    }
    const iss = { right: server.url, missing: null, wrong: "https://issuer.example.net" }[quirks.callbackIssuer];
    const back = (parameters: Readonly<Record<string, string | null>>): Answer =>
      redirect(withQuery(redirectUri, { state: query.get("state"), iss, ...parameters }));

    if (asked.method === "GET") {
      // `hd` narrows the chooser down, and that is all it does.
      const hd = query.get("hd");
      const listed = people.filter(
        (person) => hd === null || (hd === "*" ? person.hd !== undefined : person.hd === hd),
      );
      return choicePage({
        provider: "Google",
        heading: "Choose an account",
        people: listed.map(({ sub, name, email }) => ({ id: sub, label: `${name} (${email})` })),
        agree: (label) => `Continue as ${label}`,
        cancel: "Cancel",
      });
    }
    if (asked.form.get("decision") === "cancel") return back({ error: "access_denied" });
    const person = people.find(({ sub }) => sub === asked.form.get("person"));
    if (person === undefined) return errorPage(400, "Couldn't sign you in", "No such account.");
    const grant = { person, redirectUri, nonce: query.get("nonce"), scopes, challenge };
    return back({ code: codes.issue(grant), scope: scopes.join(" "), authuser: "0", prompt: "consent" });
  }

  async function exchange(asked: Asked): Promise<Answer> {
    const presented = presentedClient(asked);
    if (presented.id !== client.id) return refuse(401, "invalid_client", "The OAuth client was not found.");
    if (presented.secret !== client.secret) return refuse(401, "invalid_client", "Unauthorized");
    if (asked.form.get("grant_type") !== "authorization_code") {
      return refuse(400, "unsupported_grant_type", "Invalid grant_type");
    }
    const redeemed = codes.redeem(asked.form.get("code") ?? "");
    if (redeemed.kind !== "good") return refuse(400, "invalid_grant", "Bad Request");
    const { person, redirectUri, nonce, scopes, challenge } = redeemed.about;
    if (asked.form.get("redirect_uri") !== redirectUri) return refuse(400, "redirect_uri_mismatch", "Bad Request");
    if (!fits(challenge, asked.form.get("code_verifier")))
      return refuse(400, "invalid_grant", "Invalid code verifier.");

    const accessToken = `ya29.${randomBytes(40).toString("base64url")}`;
    tokens.set(accessToken, { person, until: clock.now() + hour });
    const now = Math.floor(clock.now() / 1000);
    const claims = {
      iss: quirks.legacyIssuer ? new URL(server.url).host : server.url,
      azp: client.id,
      aud: client.id,
      sub: person.sub,
      ...(person.hd === undefined ? {} : { hd: person.hd }),
      ...(scopes.includes("email") ? { email: person.email, email_verified: person.email_verified } : {}),
      at_hash: createHash("sha256").update(accessToken).digest().subarray(0, 16).toString("base64url"),
      ...(nonce === null ? {} : { nonce }),
      ...(scopes.includes("profile") ? { name: person.name, picture: "https://lh3.example.com/a/none=s96-c" } : {}),
      iat: now,
      exp: now + 3600,
      ...quirks.claims,
    };
    const signed = await idTokens.sign(claims, quirks.token);
    return json(200, {
      access_token: accessToken,
      expires_in: 3599,
      scope: scopes.join(" "),
      token_type: "Bearer",
      ...(signed === undefined ? {} : { id_token: signed }),
    });
  }

  function userinfo(asked: Asked): Answer {
    const token = tokens.get((asked.headers.authorization ?? "").replace(/^bearer /i, ""));
    if (token === undefined || clock.now() >= token.until) {
      return json(401, { error: "invalid_request", error_description: "Invalid Credentials" });
    }
    const { sub, name, email, email_verified, hd } = token.person;
    const whose = quirks.otherUserinfo ? "999999999999999999999" : sub;
    return json(200, { sub: whose, name, email, email_verified, ...(hd === undefined ? {} : { hd }) });
  }

  const endpoints: Readonly<Record<string, Endpoint>> = {
    "GET /.well-known/openid-configuration": { name: "discovery", answer: discovery },
    "GET /oauth2/v3/certs": { name: "keys", answer: () => json(200, idTokens.keys()) },
    "GET /o/oauth2/v2/auth": { name: "authorize", answer: authorize },
    "POST /o/oauth2/v2/auth": { name: "authorize", answer: authorize },
    "POST /token": { name: "token", answer: exchange },
    "GET /v1/userinfo": { name: "userinfo", answer: userinfo },
    "POST /v1/userinfo": { name: "userinfo", answer: userinfo },
    "POST /revoke": {
      name: "revoke",
      answer: (asked) => (tokens.delete(asked.form.get("token") ?? ""), json(200, {})),
    },
  };
  const server = await startEmulatorServer({
    port: options.port,
    find: (method, path) => endpoints[`${method} ${path}`],
  });
  return {
    ...server,
    issuer: server.url,
    client,
    people,
    clock,
    quirks,
    rotateKeys: idTokens.rotate,
    decide: decideAt,
    settings: (name, type = "google") => ({
      [`JITNODE_CONTROL_SIGNIN_${name}_TYPE`]: type,
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_ID`]: client.id,
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_SECRET`]: client.secret,
      [`JITNODE_CONTROL_SIGNIN_${name}_ISSUER`]: server.url,
    }),
  };
}
