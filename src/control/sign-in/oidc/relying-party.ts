// Signing in by OpenID Connect: code flow with PKCE, state and nonce. openid-client asks and checks the claims (OIDC Core
// 3.1.3.7); signatures are checked here as well, since it trusts TLS alone, and only by algorithms of a closed list.
//
// Discovery is fetched when it is first needed and kept for an hour: a provider that is down at the start costs nothing.

import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import * as client from "openid-client";
import type { Clock } from "../../../platform/clock.js";
import { asShape } from "../../../protocol/parse.js";
import { open, text, Type, url, type Static } from "../../../protocol/schema.js";
import { failed, plain, unreachable, type ProviderAnswer, type ProviderHttp } from "../http.js";
import type { Journey } from "../provider.js";
import { explain, otherIssuer } from "./faults.js";

/** Never `none`, and none with a shared secret: whoever knows the public key could sign with it. */
export const algorithms = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"] as const;
/** Seconds that two clocks may differ. */
export const tolerance = 60;
const keepDiscovery = 3_600_000;

const texts = Type.Optional(Type.Array(text(200), { maxItems: 100 }));
const discoveryDocument = open({
  issuer: url,
  authorization_endpoint: url,
  token_endpoint: url,
  jwks_uri: url,
  userinfo_endpoint: Type.Optional(url),
  id_token_signing_alg_values_supported: texts,
  token_endpoint_auth_methods_supported: texts,
  authorization_response_iss_parameter_supported: Type.Optional(Type.Boolean()),
});
export type Discovery = Static<typeof discoveryDocument>;

const keySet = open({ keys: Type.Array(open({ kty: text(20) }), { maxItems: 100 }) });
const idTokenClaims = open({
  iss: url,
  sub: text(255, 1),
  aud: Type.Union([text(1000), Type.Array(text(1000), { maxItems: 20 })]),
  azp: Type.Optional(text(1000)),
  iat: Type.Number(),
});
/** Whatever else the token says stays in it, for the provider to look at. */
export type Claims = Static<typeof idTokenClaims> & {
  readonly name: string | undefined;
  readonly email: string | undefined;
} & Readonly<Record<string, unknown>>;

export interface RelyingPartyOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly http: ProviderHttp;
  readonly clock: Clock;
  /** Is UserInfo needed on top of these claims? */
  readonly lacks?: (claims: Claims) => boolean;
}

export interface RelyingParty {
  authorizationUrl(journey: Journey, more?: Readonly<Record<string, string>>): Promise<string>;
  /** The claims of the ID token, checked; those of UserInfo under them where they were needed. */
  claims(callback: URLSearchParams, journey: Journey): Promise<Claims>;
  discover(): Promise<Discovery & { readonly date: number | undefined }>;
  /** As published now. */
  keys(): Promise<JSONWebKeySet>;
  /** The error that the exchange of a code of nobody's is refused with. */
  tryCredentials(redirectUri: string): Promise<string | undefined>;
}

export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  const { issuer, clientId, clientSecret, http, clock } = options;
  let known: { readonly configuration: client.Configuration; readonly until: number } | undefined;
  /** It keeps the keys that it has imported. */
  let keysKnown: { readonly find: JWTVerifyGetKey; readonly until: number } | undefined;

  const discover: RelyingParty["discover"] = async () => {
    const location = `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;
    const { status, body, date } = await http.json({ method: "GET", url: location });
    if (status !== 200) throw failed(`there is no discovery document at ${location} (status ${String(status)})`);
    const document = asShape(discoveryDocument, body);
    if (document === undefined) throw failed(`what is at ${location} is no discovery document`);
    if (document.issuer !== issuer) throw otherIssuer(issuer, document.issuer);
    assertEndpoints(document, issuer);
    return { ...document, date };
  };

  const configure = async (): Promise<client.Configuration> => {
    const now = clock.now();
    if (known !== undefined && now < known.until) return known.configuration;
    const { date: _date, ...found } = await discover();
    const supported = found.id_token_signing_alg_values_supported ?? ["RS256"];
    const accepted = supported.filter((algorithm) => algorithms.some((each) => each === algorithm));
    if (accepted.length === 0) throw failed(`it signs by ${supported.join(", ")} only, which is not accepted here`);
    const configuration = new client.Configuration(
      { ...found, id_token_signing_alg_values_supported: accepted },
      clientId,
      { [client.clockTolerance]: tolerance },
      clientAuthentication(clientSecret, found.token_endpoint_auth_methods_supported),
    );
    configuration[client.customFetch] = fetchBy(http);
    // Ours is shorter.
    configuration.timeout = 0;
    if (issuer.startsWith("http:")) client.allowInsecureRequests(configuration);
    known = { configuration, until: now + keepDiscovery };
    return configuration;
  };

  const fetchSet = async (): Promise<JSONWebKeySet> => {
    const location = (await configure()).serverMetadata().jwks_uri ?? "";
    const { status, body } = await http.json({ method: "GET", url: location });
    const set = status === 200 ? asShape(keySet, body) : undefined;
    if (set === undefined) throw failed(`there are no keys at ${location} (status ${String(status)})`);
    return set;
  };

  const fetchKeys = async (): Promise<JWTVerifyGetKey> => {
    const find = createLocalJWKSet(await fetchSet());
    keysKnown = { find, until: clock.now() + keepDiscovery };
    return find;
  };

  /** A key that is not known is asked for once: tokens come from the provider itself, so nobody else can make us ask. */
  const verify = async (idToken: string): Promise<void> => {
    const check = (find: JWTVerifyGetKey) =>
      jwtVerify(idToken, find, {
        algorithms: [...algorithms],
        clockTolerance: tolerance,
        currentDate: new Date(clock.now()),
      });
    const fresh = keysKnown === undefined || clock.now() >= keysKnown.until;
    const find = keysKnown === undefined || fresh ? await fetchKeys() : keysKnown.find;
    try {
      await check(find);
    } catch (error) {
      if (fresh || !(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await check(await fetchKeys());
    }
  };

  return {
    discover,
    keys: fetchSet,

    async authorizationUrl({ state, nonce, verifier, redirectUri }, more = {}) {
      return client.buildAuthorizationUrl(await configure(), {
        redirect_uri: redirectUri,
        scope: "openid profile email",
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...more,
      }).href;
    },

    async tryCredentials(redirectUri) {
      try {
        await client.genericGrantRequest(await configure(), "authorization_code", {
          code: "jitnode-control-sign-in-check",
          redirect_uri: redirectUri,
          code_verifier: client.randomPKCECodeVerifier(),
        });
        return undefined;
      } catch (error) {
        if (error instanceof client.ResponseBodyError) return plain(error.error);
        throw explain(error, issuer);
      }
    },

    async claims(callback, { state, nonce, verifier, redirectUri }) {
      try {
        const configuration = await configure();
        const current = new URL(`${redirectUri}?${callback.toString()}`);
        const tokens = await client.authorizationCodeGrant(configuration, current, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        await verify(tokens.id_token ?? "");
        const token = asShape(idTokenClaims, tokens.claims());
        if (token === undefined) throw failed("the ID token lacks what it must have");
        const claims = { ...token, ...readable(token) };
        assertClaims(claims, clientId, clock.now());
        if (options.lacks?.(claims) !== true || configuration.serverMetadata().userinfo_endpoint === undefined) {
          return claims;
        }
        // Throws where the subject is another one (OIDC Core 5.3.2).
        return merge(claims, await client.fetchUserInfo(configuration, tokens.access_token, claims.sub));
      } catch (error) {
        throw explain(error, issuer);
      }
    },
  };
}

/** Name and address are for people to read: what is no text (many write null) is none, and keeps nobody out. */
function readable(said: object): Pick<Claims, "name" | "email"> {
  const { name, email } = said as Readonly<Record<string, unknown>>;
  return { name: typeof name === "string" ? name : undefined, email: typeof email === "string" ? email : undefined };
}

/** What UserInfo adds. `email_verified` is said of the address beside it, and of no other. */
function merge(claims: Claims, info: client.UserInfoResponse): Claims {
  const told = readable(info);
  const sameAddress = claims["email_verified"] === undefined && told.email === claims.email;
  const { email, email_verified } =
    claims.email === undefined || sameAddress ? { ...told, email_verified: info.email_verified } : claims;
  return { ...info, ...claims, name: claims.name ?? told.name, email, email_verified };
}

/** Browsers are sent to one of them, secrets to others: only over https, or over http where the issuer itself is (loopback). */
function assertEndpoints(document: Discovery, issuer: string): void {
  const { authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint = jwks_uri } = document;
  const accepted = ["https:", new URL(issuer).protocol];
  for (const endpoint of [authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint]) {
    if (URL.canParse(endpoint) && accepted.includes(new URL(endpoint).protocol)) continue;
    throw failed(`its discovery document names an endpoint that is not https: ${plain(endpoint)}`);
  }
}

/** What openid-client leaves to us: `azp` also beside one audience, and a time of issue that lies ahead. */
function assertClaims({ azp, iat }: Claims, clientId: string, now: number): void {
  if (azp !== undefined && azp !== clientId) throw failed("the ID token was issued to another client (azp)");
  const ahead = Math.round(iat - now / 1000);
  if (ahead > tolerance) {
    throw failed(`the ID token was issued ${String(ahead)} seconds from now: one of the two clocks is wrong`);
  }
}

/** Basic is what a server must take (RFC 6749 section 2.3.1), unless it lists others only. */
function clientAuthentication(secret: string | undefined, supported: readonly string[] | undefined): client.ClientAuth {
  if (secret === undefined) return client.None();
  const basic = supported === undefined || supported.includes("client_secret_basic");
  return basic ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

/** openid-client's requests through our own door, with its limits. */
const fetchBy =
  (http: ProviderHttp): client.CustomFetch =>
  async (url, { method, headers, body }) => {
    if (method !== "GET" && method !== "POST") throw unreachable(`a request of method ${method}`);
    const sent =
      body === undefined || body === null
        ? {}
        : { body: body instanceof URLSearchParams ? body.toString() : asText(body) };
    return responseOf(await http.json({ method, url, headers: { ...headers }, ...sent }));
  };

const jsonHeaders = new Headers({ "content-type": "application/json" });

/** A Response whose body has been read and parsed already: one with a stream would write it out to read it again. */
function responseOf({ status, body }: ProviderAnswer): Response {
  const response: Response = Object.assign(new Response(null, { status, headers: jsonHeaders }), {
    json: async () => body,
    text: async () => JSON.stringify(body),
    clone: () => response,
  });
  return response;
}

function asText(body: unknown): string {
  if (typeof body === "string") return body;
  throw new TypeError("a body that is no form");
}
