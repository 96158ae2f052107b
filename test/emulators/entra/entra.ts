// Microsoft Entra's sign-in (v2.0 endpoints), as shared reference "microsoft-graph" section 12 describes it; the shape of
// its errors from section 1.4. One client, registered in the home tenant.
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
import { createErrors, type EntraErrors } from "./errors.js";
import { adele, foreign, home, mallory, personal, personalTenant } from "./people.js";
import type { EntraPerson, EntraTenant } from "./people.js";

export type EntraOptions = {
  readonly redirectUris?: readonly string[];
  readonly people?: readonly EntraPerson[];
  readonly tenants?: readonly EntraTenant[];
  readonly port?: number;
};

export type EntraEmulator = Omit<EmulatorServer, "port"> & {
  /** The home tenant's GUID. */
  readonly tenant: string;
  readonly issuer: string;
  readonly client: { readonly id: string; secret: string; readonly redirectUris: string[]; secretExpired: boolean };
  readonly people: EntraPerson[];
  readonly tenants: EntraTenant[];
  readonly clock: MovableClock;
  readonly quirks: {
    /** The application takes people of every tenant: a tenant's own authority lets others' people through, too. */
    multiTenant: boolean;
    token?: TokenFault | undefined;
    /** Claims laid over those of the ID token; undefined takes one away. */
    claims: Readonly<Record<string, unknown>>;
  };
  readonly rotateKeys: (options?: { readonly forget?: boolean }) => Promise<void>;
  /** A person's way through the page without a browser; `person` is an `oid`, or "cancel". */
  readonly decide: (authorizeUrl: string, person: string) => Promise<Decision>;
  readonly settings: (name: string) => Readonly<Record<string, string>>;
};

type Grant = {
  readonly person: EntraPerson;
  readonly tenant: string;
  readonly redirectUri: string;
  readonly nonce: string | null;
  readonly scopes: readonly string[];
  readonly challenge: Challenge;
};

const shared = ["common", "organizations", "consumers"];

export async function startEntra(options: EntraOptions = {}): Promise<EntraEmulator> {
  const clock = createMovableClock();
  const idTokens = await createIdTokens();
  const codes = createCodes<Grant>(clock, () => `1.AXoA${randomBytes(60).toString("base64url")}`);
  const people = [...(options.people ?? [adele(), mallory(), personal()])];
  const tenants = [...(options.tenants ?? [home, foreign])];
  const tenant = tenants[0]?.id ?? home.id;
  const client = {
    id: "6731de76-14a6-49ae-97bc-6eba6914391e",
    secret: `Jx8Q~${randomBytes(26).toString("base64url")}`,
    redirectUris: [...(options.redirectUris ?? [])],
    secretExpired: false,
  };
  const quirks: EntraEmulator["quirks"] = { multiTenant: false, claims: {} };

  const issuerOf = (id: string): string => `${server.url}/${id}/v2.0`;
  /** The authority's tenant: GUID, or one of the shared names; undefined where there is none. */
  const authority = (name: string): string | undefined =>
    shared.includes(name) ? name : tenants.find(({ id, domain }) => id === name || domain === name)?.id;

  function discovery(id: string): Answer {
    const base = `${server.url}/${id}`;
    return json(200, {
      // The shared authorities speak for every tenant and print a template.
      issuer: shared.includes(id) ? issuerOf(id === "consumers" ? personalTenant : "{tenantid}") : issuerOf(id),
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
      userinfo_endpoint: `${server.url}/oidc/userinfo`,
      token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
      response_modes_supported: ["query", "fragment", "form_post"],
      response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
      scopes_supported: ["openid", "profile", "email", "offline_access"],
      subject_types_supported: ["pairwise"],
      id_token_signing_alg_values_supported: ["RS256"],
      tenant_region_scope: "EU",
      cloud_instance_name: "microsoftonline.com",
    });
  }

  /** People of another tenant are stopped on Microsoft's page, unless the application is for all tenants. */
  const admits = (id: string, person: EntraPerson): boolean =>
    shared.includes(id) || quirks.multiTenant || person.tenant === id;

  function authorize(asked: Asked, id: string): Answer {
    const { query } = asked;
    const page = (code: number, what: string): Answer => errorPage(400, "Sign in", `AADSTS${String(code)}: ${what}`);
    const redirectUri = query.get("redirect_uri") ?? "";
    if (query.get("client_id") !== client.id) return page(700_016, "Application was not found in the directory.");
    if (!client.redirectUris.includes(redirectUri)) {
      return page(50_011, `The redirect URI '${redirectUri}' specified in the request does not match.`);
    }
    const back = (parameters: Readonly<Record<string, string | null>>): Answer =>
      redirect(withQuery(redirectUri, { ...parameters, state: query.get("state") }));
    const challenge = challengeOf(query);
    const wrong = wrongChallenge(challenge);
    if (wrong !== null) return back({ error: "invalid_request", error_description: wrong });
    const scopes = (query.get("scope") ?? "").split(" ");
    if (query.get("response_type") !== "code" || !scopes.includes("openid")) {
      return back({
        error: "invalid_request",
        error_description: "response_type=code and the scope openid are needed",
      });
    }

    if (asked.method === "GET") {
      return choicePage({
        provider: "Microsoft",
        heading: "Pick an account",
        people: people.map((person) => ({ id: person.oid, label: person.preferred_username })),
        agree: (label) => `Accept as ${label}`,
        cancel: "Cancel",
      });
    }
    if (asked.form.get("decision") === "cancel") {
      return back({
        error: "access_denied",
        error_subcode: "cancel",
        error_description: errors.describe(65_004, "User declined to consent to access the app."),
      });
    }
    const person = people.find(({ oid }) => oid === asked.form.get("person"));
    if (person === undefined) return page(50_034, "The user account does not exist in the directory.");
    if (!admits(id, person)) {
      return page(50_020, `User account '${person.preferred_username}' does not exist in tenant '${id}'.`);
    }
    const grant = { person, tenant: id, redirectUri, nonce: query.get("nonce"), scopes, challenge };
    return back({ code: codes.issue(grant), session_state: randomBytes(16).toString("hex") });
  }

  async function exchange(asked: Asked, id: string): Promise<Answer> {
    const presented = presentedClient(asked);
    if (presented.id === "") return errors.answer(400, "invalid_request", 900_144, "'client_id' is missing.");
    if (presented.id !== client.id) {
      return errors.answer(400, "unauthorized_client", 700_016, `Application '${presented.id}' was not found.`);
    }
    if (presented.how === "none") return errors.answer(401, "invalid_client", 7_000_218, "'client_secret' is missing.");
    if (presented.secret !== client.secret) {
      return errors.answer(401, "invalid_client", 7_000_215, "Invalid client secret provided.");
    }
    if (client.secretExpired) {
      return errors.answer(401, "invalid_client", 7_000_222, "The provided client secret keys are expired.");
    }
    if (asked.form.get("grant_type") !== "authorization_code") {
      return errors.answer(400, "unsupported_grant_type", 70_003, "The grant type is not supported.");
    }
    const redeemed = codes.redeem(asked.form.get("code") ?? "");
    if (redeemed.kind === "used") return errors.answer(400, "invalid_grant", 54_005, "The code was already redeemed.");
    if (redeemed.kind !== "good") {
      return errors.answer(400, "invalid_grant", 70_008, "The provided authorization code has expired or is unknown.");
    }
    const { about } = redeemed;
    if (about.tenant !== id || about.redirectUri !== asked.form.get("redirect_uri")) {
      return errors.answer(400, "invalid_grant", 500_112, "The reply address does not match the one asked for.");
    }
    if (!fits(about.challenge, asked.form.get("code_verifier"))) {
      return errors.answer(400, "invalid_grant", 501_481, "The Code_Verifier does not match the code_challenge.");
    }
    const signed = await idTokens.sign({ ...claimsOf(about), ...quirks.claims }, quirks.token);
    return json(200, {
      token_type: "Bearer",
      scope: about.scopes.join(" "),
      expires_in: 3599,
      ext_expires_in: 3599,
      access_token: randomBytes(40).toString("base64url"),
      ...(signed === undefined ? {} : { id_token: signed }),
    });
  }

  function claimsOf({ person, nonce, scopes }: Grant): Record<string, unknown> {
    const now = Math.floor(clock.now() / 1000);
    const profile = { name: person.name, oid: person.oid, preferred_username: person.preferred_username };
    return {
      ver: "2.0",
      iss: issuerOf(person.tenant),
      // Pairwise: another one for each application.
      sub: createHash("sha256").update(`${person.oid}/${client.id}`).digest("base64url"),
      aud: client.id,
      iat: now,
      nbf: now,
      exp: now + hour / 1000,
      tid: person.tenant,
      // `oid` comes with the scope `profile` only.
      ...(scopes.includes("profile") ? profile : {}),
      ...(scopes.includes("email") && person.email !== undefined ? { email: person.email } : {}),
      ...(nonce === null ? {} : { nonce }),
      uti: randomBytes(16).toString("base64url"),
      rh: "1.AXoA.",
    };
  }

  const endpoints: readonly [
    method: string,
    rest: string,
    name: string,
    answer: (asked: Asked, id: string) => Answer | Promise<Answer>,
  ][] = [
    ["GET", "v2.0/.well-known/openid-configuration", "discovery", (_asked, id) => discovery(id)],
    ["GET", "discovery/v2.0/keys", "keys", () => json(200, idTokens.keys())],
    ["GET", "oauth2/v2.0/authorize", "authorize", authorize],
    ["POST", "oauth2/v2.0/authorize", "authorize", authorize],
    ["POST", "oauth2/v2.0/token", "token", exchange],
  ];

  function find(method: string, path: string): Endpoint | undefined {
    const [, name = "", rest = ""] = /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const found = endpoints.find((endpoint) => endpoint[0] === method && endpoint[1] === rest);
    if (found === undefined) return undefined;
    const id = authority(name);
    const unknown = (): Answer => errors.answer(400, "invalid_tenant", 90_002, `Tenant '${name}' not found.`);
    return { name: found[2], answer: (asked) => (id === undefined ? unknown() : found[3](asked, id)) };
  }

  const server = await startEmulatorServer({ port: options.port, find });
  const errors: EntraErrors = createErrors(server.url, clock);
  return {
    ...server,
    tenant,
    issuer: issuerOf(tenant),
    client,
    people,
    tenants,
    clock,
    quirks,
    rotateKeys: idTokens.rotate,
    decide: decideAt,
    settings: (name) => ({
      [`JITNODE_CONTROL_SIGNIN_${name}_TYPE`]: "entra",
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_ID`]: client.id,
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_SECRET`]: client.secret,
      [`JITNODE_CONTROL_SIGNIN_${name}_TENANT`]: tenant,
      [`JITNODE_CONTROL_SIGNIN_${name}_BASE_URL`]: server.url,
    }),
  };
}
