// Any OIDC issuer: a real one that somebody else wrote (oidc-provider), with a plain page to sign in on.
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Provider } from "oidc-provider";
import { choicePage } from "../common/page.js";
import { startEmulatorServer, type EmulatorServer } from "../common/server.js";

export type OidcPerson = {
  readonly sub: string;
  name?: string;
  email?: string;
  email_verified?: boolean;
};

export type OidcIssuerOptions = {
  readonly redirectUris?: readonly string[];
  readonly people?: readonly OidcPerson[];
  readonly port?: number;
  /** The issuer's own name ends in a slash; discovery is where it always is. */
  readonly trailingSlash?: boolean;
  /** Name and e-mail address only in UserInfo, as OpenID Connect Core section 5.4 has it for code flows. */
  readonly conformClaims?: boolean;
  /** "client_secret_basic" (default) or "client_secret_post". */
  readonly clientAuthentication?: "client_secret_basic" | "client_secret_post";
};

export type OidcIssuer = Omit<EmulatorServer, "port"> & {
  readonly issuer: string;
  /** The secret holds characters that Basic authentication must encode. */
  readonly client: { readonly id: string; readonly secret: string };
  readonly people: OidcPerson[];
  readonly settings: (name: string) => Readonly<Record<string, string>>;
};

export const noor = (): OidcPerson => ({ sub: "noor-7", name: "Noor Example", email: "noor@example.org" });

const seconds = { minute: 60, hour: 3600 } as const;

export async function startOidcIssuer(options: OidcIssuerOptions = {}): Promise<OidcIssuer> {
  const people = [...(options.people ?? [noor()])];
  const client = { id: "jitnode at home", secret: `s:e+c/r%t&=${randomBytes(12).toString("hex")}` };
  // Made after the server, since its name is the server's address.
  const held: { provider?: Provider } = {};

  const server = await startEmulatorServer({
    port: options.port,
    find: () => undefined,
    otherwise: (request, response) => {
      const { provider } = held;
      if (provider === undefined) response.writeHead(503).end();
      else if (request.url?.startsWith("/interaction/") === true) void interact(provider, request, response);
      else provider.callback()(request, response);
    },
  });
  const issuer = options.trailingSlash === true ? `${server.url}/` : server.url;

  /** Signing in and consenting are one page here; the form is sent to the page's own address. */
  async function interact(op: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { params } = await op.interactionDetails(request, response);
      if (request.method !== "POST") {
        const page = choicePage({
          provider: "Example ID",
          heading: "Sign in",
          people: people.map(({ sub, name }) => ({ id: sub, label: name ?? sub })),
          agree: (label) => `Sign in as ${label}`,
          cancel: "Cancel",
        });
        response.writeHead(page.status, page.headers).end(page.body);
        return;
      }
      let body = "";
      for await (const part of request.setEncoding("utf8") as AsyncIterable<string>) body += part;
      const person = new URLSearchParams(body).get("person");
      if (person === null) {
        const refused = { error: "access_denied", error_description: "End-User aborted interaction" };
        await op.interactionFinished(request, response, refused, { mergeWithLastSubmission: false });
        return;
      }
      const grant = new op.Grant({ accountId: person, clientId: client.id });
      grant.addOIDCScope(String(params["scope"] ?? "openid"));
      const agreed = { login: { accountId: person }, consent: { grantId: await grant.save() } };
      await op.interactionFinished(request, response, agreed, { mergeWithLastSubmission: false });
    } catch (failure) {
      response.writeHead(400, { "content-type": "text/plain" }).end(String(failure));
    }
  }

  held.provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        token_endpoint_auth_method: options.clientAuthentication ?? "client_secret_basic",
        redirect_uris: [...(options.redirectUris ?? [])],
        // Plain HTTP redirect URIs to loopback are for native applications only.
        application_type: "native",
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    scopes: ["openid", "profile", "email"],
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
    conformIdTokenClaims: options.conformClaims ?? true,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: {
      url: (_context: unknown, interaction: { readonly uid: string }) => `/interaction/${interaction.uid}`,
    },
    ttl: {
      AccessToken: seconds.hour,
      AuthorizationCode: 10 * seconds.minute,
      Grant: seconds.hour,
      IdToken: seconds.hour,
      Interaction: seconds.hour,
      Session: seconds.hour,
    },
    findAccount: (_context: unknown, accountId: string) => {
      const person = people.find(({ sub }) => sub === accountId);
      return person === undefined ? undefined : { accountId, claims: () => ({ ...person }) };
    },
    cookies: { keys: ["for tests only"] },
  });

  return {
    ...server,
    issuer,
    client,
    people,
    settings: (name) => ({
      [`JITNODE_CONTROL_SIGNIN_${name}_TYPE`]: "oidc",
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_ID`]: client.id,
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_SECRET`]: client.secret,
      [`JITNODE_CONTROL_SIGNIN_${name}_ISSUER`]: issuer,
    }),
  };
}
