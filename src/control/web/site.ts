// What all pages share: who visits, how a page is sent, the tokens of forms, and the services behind them.

import type { FastifyReply, FastifyRequest } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";
import { createHttpClient } from "../../platform/http-client.js";
import type { ControlContext, PersonActor } from "../context.js";
import { addressOf, agentOf } from "../http/requests.js";
import { createActivity, type Activity } from "../services/activity.js";
import { createBindingCodes, type BindingCodes } from "../services/binding-codes.js";
import { createAccounts, type Accounts } from "../services/accounts.js";
import { createActivations, type Activations } from "../services/activations.js";
import {
  assertForm,
  createBrowserSessions,
  isSame,
  personAt,
  sign,
  type BrowserSession,
  type BrowserSessions,
  type Visitor,
} from "../services/browser-sessions.js";
import { createMyself, type Myself } from "../services/me.js";
import { createMembers, type Members } from "../services/members.js";
import { createNodes, type Nodes } from "../services/nodes.js";
import { createOrganizations, type Organizations } from "../services/organizations.js";
import { createSignIns, type SignIns } from "../services/sign-ins.js";
import { createTerminalSignIns, type TerminalSignIns } from "../services/terminal-sign-ins.js";
import { createProviderHttp } from "../sign-in/http.js";
import { createCookies, type Cookies } from "./cookies.js";
import { createAgain } from "./again.js";
import { problemOf, type Fields, type FormProblem, type Values } from "./form.js";
import { sendPage, setPageHeaders } from "./headers.js";
import { saidIn, textsOf } from "./language.js";
import type { Page } from "./layout.js";
import { readSaid, say, type Said } from "./said.js";
import { asTarget } from "./targets.js";
import type { Texts } from "./texts/texts.js";

/** What a form is shown with. */
export interface Refused {
  readonly values: Values;
  readonly problem: FormProblem | undefined;
}

/** Somebody who looks at a page. */
export interface Visit {
  /** In their language. */
  readonly texts: Texts;
  readonly visitor: Visitor;
  readonly session: BrowserSession | undefined;
}

/** Somebody who is signed in. */
export interface PersonVisit extends Visit {
  readonly session: BrowserSession;
  readonly actor: PersonActor;
  /** Of every form of this session. */
  readonly token: string;
}

export interface Site {
  readonly context: ControlContext;
  readonly cookies: Cookies;
  readonly accounts: Accounts;
  readonly activations: Activations;
  readonly activity: Activity;
  readonly bindingCodes: BindingCodes;
  readonly members: Members;
  readonly myself: Myself;
  readonly nodes: Nodes;
  readonly organizations: Organizations;
  readonly sessions: BrowserSessions;
  readonly signIns: SignIns;
  readonly terminals: TerminalSignIns;
  visit(request: FastifyRequest): Promise<Visit>;
  /** Undefined when nobody is signed in; `reply` is then on its way to the sign-in page and from there to `target`. */
  person(request: FastifyRequest, reply: FastifyReply, target: string): Promise<PersonVisit | undefined>;
  show(reply: FastifyReply, visit: Visit, page: Page): FastifyReply;
  /** 303: what was posted is not posted again by going back or reloading. */
  go(reply: FastifyReply, path: string, said?: Said): FastifyReply;
  /**
   * Leads to `path`, where `refusal` knows of the error and of `values`: without what is secret. Throws on what is no
   * refusal.
   */
  again(
    reply: FastifyReply,
    visit: Pick<Visit, "session">,
    path: string,
    error: unknown,
    values?: Values,
  ): FastifyReply;
  /** Of a form that was refused and is to be shown again at this address; of any other address, nothing. */
  refusal(request: FastifyRequest, visit: Pick<Visit, "session" | "texts">, fields?: Fields): Refused;
  /** Signed out: this browser forgets. */
  leave(reply: FastifyReply): FastifyReply;
  /** As an idempotency key: one for each form that is rendered. */
  formKey(): string;
  /** The token for forms of somebody who is not signed in (sign-in, links): bound to a secret in a cookie. */
  formToken(request: FastifyRequest, reply: FastifyReply): string;
  /** The fields of a form; throws `csrf_invalid`. */
  openFields(request: FastifyRequest): Values;
  personFields(request: FastifyRequest, visit: Pick<PersonVisit, "session">): Values;
  /** What sign-ins at providers are bound to: a secret in a cookie, of this browser. */
  browserSecret(request: FastifyRequest, reply: FastifyReply): string;
  /** Signs the browser in and sends it where it was going: to `target`, where that was kept elsewhere. */
  welcome(request: FastifyRequest, reply: FastifyReply, cookie: string, target?: string): FastifyReply;
  close(): Promise<void>;
}

const secretBytes = 32;
const secretPattern = /^[A-Za-z0-9_-]{43}$/;

export function createSite(context: ControlContext): Site {
  const { config, random } = context;
  const cookies = createCookies(config.publicUrl);
  const { host } = new URL(config.publicUrl);
  const sessions = createBrowserSessions(context);
  const http = createHttpClient();
  const refusals = createAgain({ ...context, cookies });

  const visit = async (request: FastifyRequest): Promise<Visit> => {
    const cookie = cookies.read(request, "session");
    return {
      texts: textsOf(request),
      visitor: { address: addressOf(request), agent: agentOf(request) },
      // What a script asks for is no use of the session.
      session:
        cookie === undefined ? undefined : await sessions.read(cookie, request.headers["sec-fetch-dest"] !== "empty"),
    };
  };

  const redirect = (reply: FastifyReply, path: string): FastifyReply => setPageHeaders(reply).redirect(path, 303);

  const go = (reply: FastifyReply, path: string, said?: Said): FastifyReply => {
    if (said !== undefined) say(cookies, reply, said);
    // A form that was taken: what an earlier one was refused for is no longer of interest, also to whoever goes back.
    const { request } = reply;
    if (request.method === "POST" && cookies.read(request, "again") !== undefined) cookies.clear(reply, "again");
    return redirect(reply, path);
  };

  return {
    context,
    cookies,
    accounts: createAccounts(context, { sessions }),
    activations: createActivations(context),
    activity: createActivity(context),
    bindingCodes: createBindingCodes(context),
    members: createMembers(context),
    myself: createMyself(context),
    nodes: createNodes(context),
    organizations: createOrganizations(context),
    sessions,
    signIns: createSignIns(context, { http: createProviderHttp(http), sessions }),
    terminals: createTerminalSignIns(context),
    visit,

    async person(request, reply, target) {
      const { session, ...visiting } = await visit(request);
      if (session !== undefined) {
        return {
          ...visiting,
          session,
          actor: personAt(session, visiting.visitor.address),
          token: session.formToken,
        };
      }
      cookies.set(reply, "next", target);
      go(reply, "/sign-in");
      return undefined;
    },

    show(reply, { session, texts }, page) {
      const person = session && { name: session.accountName, token: session.formToken };
      const said = person && readSaid(cookies, reply.request, reply, texts);
      return sendPage(reply, page, { texts, url: reply.request.url, host, person, said });
    },

    go,
    again(reply, { session }, path, error, values = {}) {
      if (!isRefusal(error)) throw error;
      return redirect(reply, refusals.keep(reply, session, path, { error, values }));
    },
    refusal(request, { session, texts }, fields = {}) {
      const { error, values = {} } = refusals.read(request, session) ?? {};
      return { values, problem: error && problemOf(texts, inLanguageOf(texts, error), fields) };
    },
    leave(reply) {
      cookies.clear(reply, "session");
      cookies.clear(reply, "next");
      return go(reply, "/sign-in");
    },
    formKey: () => random.token(24),

    formToken(request, reply) {
      const known = cookies.read(request, "form");
      const secret = known !== undefined && secretPattern.test(known) ? known : random.token(secretBytes);
      if (secret !== known) cookies.set(reply, "form", secret);
      return sign(secret, "form");
    },

    openFields(request) {
      const fields = fieldsOf(request);
      const secret = cookies.read(request, "form");
      if (secret === undefined || !secretPattern.test(secret) || !isSame(fields["csrf"], sign(secret, "form"))) {
        throw new JitnodeError("csrf_invalid");
      }
      return fields;
    },

    personFields(request, { session }) {
      const fields = fieldsOf(request);
      assertForm(session, fields["csrf"]);
      return fields;
    },

    browserSecret(request, reply) {
      const known = cookies.read(request, "browser");
      const secret = known !== undefined && secretPattern.test(known) ? known : random.token(secretBytes);
      cookies.set(reply, "browser", secret);
      return secret;
    },

    welcome(request, reply, cookie, kept) {
      const next = cookies.read(request, "next");
      const target = asTarget(kept ?? next) ?? "/";
      cookies.set(reply, "session", cookie);
      if (next !== undefined) cookies.clear(reply, "next");
      return go(reply, target);
    },

    close: () => http.close(),
  };
}

/** Refused in one language, and looked at in another. */
function inLanguageOf(texts: Texts, { code, message, hint, also, retryAfter }: JitnodeError): JitnodeError {
  const said = {
    message: saidIn(texts, message),
    hint: saidIn(texts, hint),
    also: also.map((each) => inLanguageOf(texts, each)),
  };
  return new JitnodeError(code, retryAfter === undefined ? said : { ...said, retryAfter });
}

/** Of what was sent, or of a provider (502); all others are faults of ours. */
export const isRefusal = (error: unknown): error is JitnodeError =>
  error instanceof JitnodeError && (error.status < 500 || error.status === 502);

const fieldsOf = (request: FastifyRequest): Values => (request.body ?? {}) as Values;
