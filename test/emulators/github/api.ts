// Owns the emulated GitHub's tokens and the two endpoints that say whose they are.
import { randomBytes } from "node:crypto";
import { hour, type MovableClock } from "../common/clock.js";
import { json, text, type Answer, type Asked } from "../common/server.js";
import type { GitHubPerson } from "./people.js";

type Token = { readonly person: GitHubPerson; readonly scopes: readonly string[]; requests: number; since: number };

/** An eleventh token of the same person and scopes revokes the oldest. */
const tokensPerPerson = 10;
const pageSize = { usual: 30, most: 100 } as const;

export type Api = {
  readonly issue: (person: GitHubPerson, scopes: readonly string[]) => string;
  readonly tokens: () => readonly string[];
  readonly user: (asked: Asked) => Answer;
  readonly emails: (asked: Asked) => Answer;
};

export function createApi(deps: {
  readonly clock: MovableClock;
  readonly limits: { readonly requestsPerHour: number };
}): Api {
  const tokens = new Map<string, Token>();

  /** The token's owner, or the refusal. */
  function authenticate(asked: Asked): Token | Answer {
    if ((asked.headers["user-agent"] ?? "") === "") {
      return text(
        403,
        "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
      );
    }
    const [scheme = "", presented = ""] = (asked.headers.authorization ?? "").split(" ");
    if (presented === "") return json(401, { message: "Requires authentication", status: "401" });
    const token = /^(bearer|token)$/i.test(scheme) ? tokens.get(presented) : undefined;
    if (token === undefined) return json(401, { message: "Bad credentials", status: "401" });
    if (deps.clock.now() - token.since >= hour) Object.assign(token, { since: deps.clock.now(), requests: 0 });
    token.requests += 1;
    if (token.requests <= deps.limits.requestsPerHour) return token;
    const reset = Math.ceil((token.since + hour) / 1000);
    return json(
      403,
      { message: "API rate limit exceeded for user.", status: "403" },
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) },
    );
  }

  return {
    tokens: () => [...tokens.keys()],
    issue(person, scopes) {
      const alike = [...tokens].filter(
        ([, other]) => other.person.id === person.id && other.scopes.join() === scopes.join(),
      );
      for (const [old] of alike.slice(0, Math.max(0, alike.length - tokensPerPerson + 1))) tokens.delete(old);
      const token = `gho_${randomBytes(18).toString("hex")}`;
      tokens.set(token, { person, scopes, requests: 0, since: deps.clock.now() });
      return token;
    },
    user(asked) {
      const token = authenticate(asked);
      if ("status" in token) return token;
      const { id, login, name, email } = token.person;
      const avatar_url = `https://avatars.example.com/u/${String(id)}`;
      return json(200, { id, login, name, email, avatar_url, type: "User" });
    },
    emails(asked) {
      const token = authenticate(asked);
      if ("status" in token) return token;
      if (!token.scopes.includes("user:email") && !token.scopes.includes("user")) {
        return json(404, { message: "Not Found", status: "404" });
      }
      const size = Math.min(Number(asked.query.get("per_page") ?? pageSize.usual) || pageSize.usual, pageSize.most);
      const page = Math.max(1, Number(asked.query.get("page") ?? 1) || 1);
      return json(200, token.person.emails.slice((page - 1) * size, page * size));
    },
  };
}
