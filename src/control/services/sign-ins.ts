// Signing in at providers: a sign-in starts in a browser, goes to the provider, and comes back to that browser, once.
//
// Invariants: an account is recognized by provider + issuer + subject and by nothing else, so an e-mail address never
// joins two; an attempt is used up in the transaction of what comes of it, or by its refusal (on PostgreSQL, which replicas
// share, before the provider is asked), and while its callback is looked at a second one is refused; a new account, its way in, its membership, the use of its link and of its attempt
// are one transaction; nonce and verifier are made from the state and the browser's cookie, and kept nowhere; a disabled
// account is refused; of what the provider gave, no token is kept.

import { hash } from "node:crypto";
import type { AccountId } from "../../domain/ids.js";
import { asName } from "../../domain/names.js";
import { JitnodeError, together } from "../../protocol/errors.js";
import type { ControlContext } from "../context.js";
import { reasonOf, type ProviderHttp } from "../sign-in/http.js";
import type { Journey } from "../sign-in/provider.js";
import { findUsableLink } from "../store/account-links.js";
import type { SignInAttempts } from "../store/schema.js";
import {
  findStarted,
  findUnfinished,
  insertAttempt,
  keepAnswer,
  markAttemptAnswered,
} from "../store/sign-in-attempts.js";
import type { BrowserSession, BrowserSessions, Visitor } from "./browser-sessions.js";
import { createIdentities, type IdentityList } from "./identities.js";
import { codeRefusals, tryBindingCode } from "./new-accounts.js";
import { createProviderPeople, personOf, type Person, type Use } from "./provider-people.js";
import { createProviders, type ProviderChoice, type Providers } from "./providers.js";

export interface Wish {
  /** Whose account the new way in is for; undefined: to sign in. */
  readonly linkTo: AccountId | undefined;
  /** The token of a set-up link or invitation. */
  readonly link: string | undefined;
  /** Where to go on afterwards: a target of ours. */
  readonly target: string | undefined;
}

export type Answered =
  | { readonly kind: "signed_in"; readonly cookie: string; readonly target: string | undefined }
  | { readonly kind: "linked" }
  /** Somebody new, of whom something is still missing: `finish` takes it. */
  | { readonly kind: "unfinished"; readonly state: string };

/** What the page for somebody new asks. */
export interface Unfinished {
  readonly provider: ProviderChoice;
  readonly name: string;
  readonly display: string | undefined;
  readonly needsCode: boolean;
}

export interface SignIns extends IdentityList {
  readonly providers: readonly ProviderChoice[];
  /** `browser`: the secret of its cookie. Refuses: sign_in_provider_unknown, …_unreachable, …_failed, link_invalid, rate_limited. */
  start(name: string, wish: Wish, browser: string, visitor: Visitor): Promise<{ readonly url: string }>;
  /** The callback. Refuses also: sign_in_attempt_invalid, …_declined, …_not_permitted, account_disabled, sign_up_not_allowed. */
  answer(
    name: string,
    callback: URLSearchParams,
    browser: string,
    visitor: Visitor,
    session: BrowserSession | undefined,
  ): Promise<Answered>;
  unfinished(state: string, browser: string): Promise<Unfinished | undefined>;
  /** Refuses: sign_in_attempt_invalid, name_invalid, binding_code_invalid, rate_limited. */
  finish(
    state: string,
    browser: string,
    fields: { readonly name: string; readonly bindingCode: string },
    visitor: Visitor,
  ): Promise<{ readonly cookie: string; readonly target: string | undefined }>;
}

export interface SignInsOptions {
  readonly http: ProviderHttp;
  readonly sessions: BrowserSessions;
}

const minute = 60_000;
export const attemptLife = 10 * minute;
const stateBytes = 32;
const secretPattern = /^[A-Za-z0-9_-]{43}$/;

export const newcomerRefused = {
  message: "Nobody here has this way of signing in, and new accounts need an invitation.",
  hint: "If you have an account, sign in another way and link this one on the page of your account; else ask whoever runs this control plane for an invitation link.",
} as const;

export function createSignIns(context: ControlContext, { http, sessions }: SignInsOptions): SignIns {
  const { clock, config, limits, log, metrics, random, secrets, store } = context;
  const providers: Providers = createProviders(config, { http, clock });
  const people = createProviderPeople(context, sessions);
  /** Attempts whose callbacks this process is looking at. */
  const underWay = new Set<string>();

  /** Both are 43 characters long: of fixed length, a hash of secret and text is as good as an HMAC. */
  const journeyOf = (name: string, state: string, browser: string): Journey => {
    const both = hash("sha512", browser + state, "buffer");
    const [nonce, verifier] = [both.subarray(0, stateBytes), both.subarray(stateBytes)];
    return {
      state,
      nonce: nonce.toString("base64url"),
      verifier: verifier.toString("base64url"),
      redirectUri: providers.callbackUrl(name),
    };
  };

  const linkOf = async (token: string | undefined): Promise<Pick<SignInAttempts, "link_kind" | "link_hash">> => {
    if (token === undefined) return { link_kind: null, link_hash: null };
    const hash = secrets.hash(token);
    for (const kind of ["invitation", "setup"] as const) {
      const link = await findUsableLink(store, kind, hash, clock.now());
      if (link !== undefined) return { link_kind: kind, link_hash: hash };
    }
    throw new JitnodeError("link_invalid");
  };

  /** The first sign-in of somebody: an account at once where nothing is missing. */
  const welcome = async (
    state: string,
    attempt: SignInAttempts,
    person: Person,
    use: Use,
    visitor: Visitor,
  ): Promise<Answered> => {
    const byLink = attempt.link_kind !== null;
    if (!byLink && config.signup === "invited") throw new JitnodeError("sign_up_not_allowed", newcomerRefused);
    const { issuer, subject, name, display } = person;
    if (name !== null && (byLink || config.signup === "open")) {
      // Not counted as sign-ups: the start was counted, and the provider has proven somebody; an office has one address.
      const cookie = await people.create(attempt, { ...person, name }, undefined, visitor, use);
      return { kind: "signed_in", cookie, target: attempt.target ?? undefined };
    }
    await store.transaction(async (tx) => {
      await use(tx);
      const kept = { issuer, subject, display, name, expires_at: clock.now() + attemptLife };
      await keepAnswer(tx, attempt.state_hash, kept);
    });
    return { kind: "unfinished", state };
  };

  const identify = async (name: string, callback: URLSearchParams, journey: Journey): Promise<Person> => {
    try {
      const provider = providers.get(name);
      const person = personOf(name, provider.issuer, await provider.identify(callback, journey));
      metrics.count("provider_sign_ins_total", { provider: name, result: "identified" });
      return person;
    } catch (error) {
      const code = error instanceof JitnodeError ? error.code : "internal_error";
      metrics.count("provider_sign_ins_total", { provider: name, result: code });
      log.warn("sign-in at a provider failed", { provider: name, code, reason: reasonOf(error) });
      throw error;
    }
  };

  /** After a refusal, which is what the person is to be told of, whatever becomes of this. */
  const useUp = async ({ state_hash }: SignInAttempts): Promise<void> => {
    try {
      await markAttemptAnswered(store, state_hash, clock.now());
    } catch (error) {
      log.error("sign-in attempt not used up", { error });
    }
  };

  /** What comes of an attempt whose callback nobody else is looking at. */
  const conclude = async (
    attempt: SignInAttempts,
    callback: URLSearchParams,
    journey: Journey,
    use: Use,
    visitor: Visitor,
    session: BrowserSession | undefined,
  ): Promise<Answered> => {
    const person = await identify(attempt.provider, callback, journey);
    if (attempt.purpose === "link") {
      // Whoever is signed in now must be who asked.
      if (session === undefined || session.accountId !== attempt.account_id) {
        throw new JitnodeError("sign_in_attempt_invalid");
      }
      await people.link(person, session.accountId, use, visitor);
      return { kind: "linked" };
    }
    const cookie = await people.admit(person, use, visitor);
    if (cookie === undefined) return await welcome(journey.state, attempt, person, use, visitor);
    return { kind: "signed_in", cookie, target: attempt.target ?? undefined };
  };

  const findAttempt = async (state: string, browser: string): Promise<SignInAttempts | undefined> => {
    if (!secretPattern.test(state) || !secretPattern.test(browser)) return undefined;
    const key = { stateHash: secrets.hash(state), browserHash: secrets.hash(browser) };
    return await findUnfinished(store, key, clock.now());
  };

  return {
    ...createIdentities(context, providers),
    providers: providers.choices,

    async start(name, wish, browser, visitor) {
      const provider = providers.get(name);
      await limits.check("sign_in_start", { address: visitor.address });
      const usedLink = await linkOf(wish.link);
      const state = random.token(stateBytes);
      const url = await provider.authorizationUrl(journeyOf(name, state, browser)).catch(async (error: unknown) => {
        log.warn("sign-in at a provider cannot start", { provider: name, reason: reasonOf(error) });
        // It cost a question to the provider, and us up to ten seconds of waiting.
        await limits.count("sign_in_start", { address: visitor.address });
        throw error;
      });
      const now = clock.now();
      await store.transaction(async (tx) => {
        await insertAttempt(tx, {
          state_hash: secrets.hash(state),
          browser_hash: secrets.hash(browser),
          provider: name,
          purpose: wish.linkTo === undefined ? "sign_in" : "link",
          account_id: wish.linkTo ?? null,
          ...usedLink,
          target: wish.target ?? null,
          created_at: now,
          expires_at: now + attemptLife,
          answered_at: null,
          issuer: null,
          subject: null,
          name: null,
          display: null,
          used_at: null,
        });
        await limits.use(tx, "sign_in_start", { address: visitor.address });
      });
      return { url };
    },

    async answer(name, callback, browser, visitor, session) {
      providers.get(name);
      const [state = "", ...others] = callback.getAll("state");
      const wellFormed = others.length === 0 && secretPattern.test(state) && secretPattern.test(browser);
      const key = { stateHash: secrets.hash(state), browserHash: secrets.hash(browser), provider: name };
      const id = `${key.stateHash} ${key.browserHash}`;
      if (!wellFormed || underWay.has(id)) throw new JitnodeError("sign_in_attempt_invalid");
      underWay.add(id);
      try {
        const attempt = await findStarted(store, key, clock.now());
        if (attempt === undefined) throw new JitnodeError("sign_in_attempt_invalid");
        const journey = journeyOf(name, state, browser);
        const use: Use = async (tx) => {
          const first = await markAttemptAnswered(tx, attempt.state_hash, clock.now());
          if (!first) throw new JitnodeError("sign_in_attempt_invalid");
        };
        // Other replicas know nothing of `underWay`, so among them the attempt is used up before anybody is asked.
        const isShared = store.dialect === "postgres";
        if (isShared) await store.transaction(use);
        const done = conclude(attempt, callback, journey, isShared ? async () => undefined : use, visitor, session);
        return await done.catch(async (error: unknown) => {
          if (!isShared) await useUp(attempt);
          throw error;
        });
      } finally {
        underWay.delete(id);
      }
    },

    async unfinished(state, browser) {
      const attempt = await findAttempt(state, browser);
      const provider = providers.choices.find(({ name }) => name === attempt?.provider);
      if (attempt === undefined || provider === undefined) return undefined;
      const needsCode = attempt.link_kind === null && config.signup === "code";
      return { provider, name: attempt.name ?? "", display: attempt.display ?? undefined, needsCode };
    },

    async finish(state, browser, fields, visitor) {
      const attempt = await findAttempt(state, browser);
      if (attempt === undefined || attempt.issuer === null || attempt.subject === null)
        throw new JitnodeError("sign_in_attempt_invalid");
      const byLink = attempt.link_kind !== null;
      if (!byLink && config.signup === "invited") throw new JitnodeError("sign_up_not_allowed", newcomerRefused);
      const name = asName(fields.name);
      const code = byLink || config.signup === "open" ? undefined : fields.bindingCode;
      if (name === undefined) throw together([new JitnodeError("name_invalid"), ...codeRefusals(code)]);
      if (code !== undefined) await tryBindingCode(context, code, visitor.address);
      const { provider, issuer, subject, display } = attempt;
      const person = { provider, issuer, subject, display, name };
      const cookie = await people.create(attempt, person, code, visitor);
      return { cookie, target: attempt.target ?? undefined };
    },
  };
}
