// GitHub's web flow for OAuth Apps, and who-is-it, as shared reference "signin-providers" section 3 describes them: on
// github.com's paths (/user) and on Enterprise Server's (/api/v3/user), both from the same base URL.
import { randomBytes } from "node:crypto";
import { createMovableClock, type MovableClock } from "../common/clock.js";
import { createCodes } from "../common/codes.js";
import { decideAt, type Decision } from "../common/decide.js";
import { choicePage, errorPage } from "../common/page.js";
import { challengeOf, fits, wrongChallenge, type Challenge } from "../common/pkce.js";
import { json, redirect, startEmulatorServer, withQuery } from "../common/server.js";
import type { Answer, Asked, EmulatorServer, Endpoint } from "../common/server.js";
import { createApi } from "./api.js";
import { lin, mona, type GitHubPerson } from "./people.js";

export type GitHubOptions = {
  /** The one callback URL of the OAuth App. */
  readonly callback?: string;
  readonly people?: readonly GitHubPerson[];
  readonly port?: number;
};

export type GitHubEmulator = Omit<EmulatorServer, "port"> & {
  /** The registered OAuth App; `callback` may be set later. */
  readonly client: { readonly id: string; secret: string; callback: string };
  readonly people: GitHubPerson[];
  readonly clock: MovableClock;
  /** Requests one token may make an hour; the API answers 403 after that. */
  readonly limits: { requestsPerHour: number };
  /** Tokens not revoked, oldest first. */
  readonly tokens: () => readonly string[];
  /** A person's way through the page without a browser; `person` is a login, or "cancel". */
  readonly decide: (authorizeUrl: string, person: string) => Promise<Decision>;
  readonly settings: (name: string) => Readonly<Record<string, string>>;
};

type Grant = {
  readonly person: GitHubPerson;
  readonly redirectUri: string | null;
  readonly scopes: readonly string[];
  readonly challenge: Challenge;
};

const docs = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/";

const errors = {
  bad_verification_code: "The code passed is incorrect or expired.",
  incorrect_client_credentials: "The client_id and/or client_secret passed are incorrect.",
  redirect_uri_mismatch: "The redirect_uri MUST match the registered callback URL for this application.",
} as const;

/** Scheme, host and port must match, a sub-path is allowed; loopback takes any port. */
export function allowedRedirect(registered: string, wanted: string): boolean {
  if (!URL.canParse(registered) || !URL.canParse(wanted)) return false;
  const [mine, theirs] = [new URL(registered), new URL(wanted)];
  const anyPort = mine.hostname === "127.0.0.1" || mine.hostname === "[::1]";
  const sameHost = mine.protocol === theirs.protocol && mine.hostname === theirs.hostname;
  const folder = mine.pathname.endsWith("/") ? mine.pathname : `${mine.pathname}/`;
  const within = theirs.pathname === mine.pathname || theirs.pathname.startsWith(folder);
  return sameHost && (anyPort || mine.port === theirs.port) && within && theirs.hash === "";
}

/** JSON only where it was asked for; form-encoded by default. The status is 200 either way. */
function tokenAnswer(asked: Asked, members: Readonly<Record<string, string>>): Answer {
  if (asked.headers.accept?.includes("application/json") === true) return json(200, members);
  const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  return { status: 200, headers, body: new URLSearchParams(members).toString() };
}

const refuse = (asked: Asked, error: keyof typeof errors): Answer =>
  tokenAnswer(asked, { error, error_description: errors[error], error_uri: `${docs}#${error.replaceAll("_", "-")}` });

export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubEmulator> {
  const clock = createMovableClock();
  const codes = createCodes<Grant>(clock, () => randomBytes(10).toString("hex"));
  const people = [...(options.people ?? [lin(), mona()])];
  const client = {
    id: "Iv1.6a3f0b1c2d4e5f60",
    secret: randomBytes(20).toString("hex"),
    callback: options.callback ?? "http://127.0.0.1/auth/callback/github",
  };
  const limits = { requestsPerHour: 5000 };
  const api = createApi({ clock, limits });

  function authorize(asked: Asked): Answer {
    const { query } = asked;
    if (query.get("client_id") !== client.id) return errorPage(404, "404", "This is not the page you are looking for.");
    const state = query.get("state");
    const redirectUri = query.get("redirect_uri");
    const back = (parameters: Readonly<Record<string, string | null>>): Answer =>
      redirect(withQuery(redirectUri ?? client.callback, { ...parameters, state }));
    if (redirectUri !== null && !allowedRedirect(client.callback, redirectUri)) {
      // It goes to the registered callback, never to the one that was asked for.
      return redirect(
        withQuery(client.callback, {
          error: "redirect_uri_mismatch",
          error_description: errors.redirect_uri_mismatch,
          state,
        }),
      );
    }
    const challenge = challengeOf(query);
    const wrong = wrongChallenge(challenge);
    if (wrong !== null) return errorPage(400, "Bad request", wrong);

    if (asked.method === "GET") {
      return choicePage({
        provider: "GitHub",
        heading: "Authorize the application",
        people: people.map(({ login }) => ({ id: login, label: login })),
        agree: (login) => `Authorize as ${login}`,
        cancel: "Cancel",
      });
    }
    if (asked.form.get("decision") === "cancel") {
      return back({ error: "access_denied", error_description: "The user has denied your application access." });
    }
    const person = people.find(({ login }) => login === asked.form.get("person"));
    if (person === undefined) return errorPage(422, "Unprocessable", "Nobody has that login.");
    const scopes = (query.get("scope") ?? "").split(/[\s,]+/).filter((scope) => scope !== "");
    const granted = person.grants === undefined ? scopes : scopes.filter((scope) => person.grants?.includes(scope));
    return back({ code: codes.issue({ person, redirectUri, scopes: granted, challenge }) });
  }

  function exchange(asked: Asked): Answer {
    const sent = asked.form;
    if (sent.get("client_id") !== client.id || sent.get("client_secret") !== client.secret) {
      return refuse(asked, "incorrect_client_credentials");
    }
    const redirectUri = sent.get("redirect_uri");
    const seen = codes.look(sent.get("code") ?? "");
    if (seen.kind !== "good") return refuse(asked, "bad_verification_code");
    const { about } = seen;
    if (redirectUri !== null && redirectUri !== (about.redirectUri ?? client.callback)) {
      return refuse(asked, "redirect_uri_mismatch");
    }
    codes.redeem(sent.get("code") ?? "");
    if (!fits(about.challenge, sent.get("code_verifier"))) return refuse(asked, "bad_verification_code");
    const token = api.issue(about.person, about.scopes);
    return tokenAnswer(asked, { access_token: token, token_type: "bearer", scope: about.scopes.join(",") });
  }

  const endpoints: Readonly<Record<string, Endpoint>> = {
    "/login/oauth/authorize": { name: "authorize", answer: authorize },
    "/login/oauth/access_token": { name: "token", answer: exchange },
    "/user": { name: "user", answer: api.user },
    "/user/emails": { name: "emails", answer: api.emails },
    "/api/v3/user": { name: "user", answer: api.user },
    "/api/v3/user/emails": { name: "emails", answer: api.emails },
  };
  const server = await startEmulatorServer({
    port: options.port,
    find: (method, path) => {
      const endpoint = endpoints[path];
      const posted = endpoint?.name === "authorize" || endpoint?.name === "token";
      if (method === "POST") return posted ? endpoint : undefined;
      return endpoint?.name === "token" ? undefined : endpoint;
    },
  });
  return {
    ...server,
    client,
    people,
    clock,
    limits,
    tokens: api.tokens,
    decide: decideAt,
    settings: (name) => ({
      [`JITNODE_CONTROL_SIGNIN_${name}_TYPE`]: "github",
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_ID`]: client.id,
      [`JITNODE_CONTROL_SIGNIN_${name}_CLIENT_SECRET`]: client.secret,
      [`JITNODE_CONTROL_SIGNIN_${name}_BASE_URL`]: server.url,
    }),
  };
}
