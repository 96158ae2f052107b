// How a route of the API is declared: one description that validates what comes in, types the handler and becomes the
// operation of the OpenAPI document. Pages declare theirs with Fastify directly and stand in no document.

import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { JitnodeError, type ErrorCode } from "../../protocol/errors.js";
import type { OAuthErrorCode } from "../../protocol/oauth.js";
import { Type, type Static, type TSchema } from "../../protocol/schema.js";
import type { PeopleScope } from "../../protocol/versions.js";
import type { Authentication, NodeActor, PersonActor } from "../context.js";
import { sendStream } from "./stream.js";
import { compileCheck, isNestedDeeper } from "./validation.js";

/** A person's session of at least this scope, a node's key, or nobody in particular. */
export type Caller = PeopleScope | "node" | "public";

export type ActorOf<C extends Caller> = C extends "node" ? NodeActor : C extends "public" ? undefined : PersonActor;

/** An answer of NDJSON lines; the handler gives a Readable (object mode off), which is ended at shutdown. */
export interface Lines<T extends TSchema = TSchema> {
  readonly lines: T;
}
export const lines = <T extends TSchema>(schema: T): Lines<T> => ({ lines: schema });

/** Status → schema of the body; null: no body. */
export type Answers = Readonly<Record<number, TSchema | Lines | null>>;

type BodyOf<A> = A extends TSchema ? Static<A> : A extends Lines ? Readable : undefined;

export type Answer<A extends Answers> = {
  [S in keyof A & number]: A[S] extends null
    ? { readonly status: S; readonly headers?: Readonly<Record<string, string>> }
    : { readonly status: S; readonly body: BodyOf<A[S]>; readonly headers?: Readonly<Record<string, string>> };
}[keyof A & number];

type Parsed<T> = T extends TSchema ? Static<T> : undefined;

export interface Call<C extends Caller, P, Q, B> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly actor: ActorOf<C>;
  readonly params: Parsed<P>;
  readonly query: Parsed<Q>;
  readonly body: Parsed<B>;
}

export interface RouteSpec<
  C extends Caller,
  P extends TSchema | undefined,
  Q extends TSchema | undefined,
  B extends TSchema | undefined,
  A extends Answers,
> {
  readonly method: "GET" | "POST" | "DELETE" | "PUT" | "PATCH";
  /** As Fastify writes it: `/v1/orgs/:org`. */
  readonly url: string;
  /** One line for the document. */
  readonly summary: string;
  readonly caller: C;
  /** Path parameters: an object schema of strings. What does not fit is `notFoundAs` (default `not_found`). */
  readonly params?: P;
  readonly notFoundAs?: ErrorCode;
  /** Query parameters: an object schema of strings; unknown ones are refused if the schema is strict. */
  readonly query?: Q;
  readonly body?: B;
  /** Parameters nobody asked for are passed over instead of refused: for probes, and the caches before them. */
  readonly anyQuery?: true;
  readonly answers: A;
  /** What the handler may refuse with. Those of validation and authentication are added by themselves. */
  readonly problems?: readonly ErrorCode[];
  /** Status → codes, for the OAuth endpoints alone: they answer in RFC 6749's form. */
  readonly oauthErrors?: Readonly<Record<number, readonly OAuthErrorCode[]>>;
  /** The handler wants an `Idempotency-Key` header: documented here, kept by services/idempotency. */
  readonly idempotent?: true;
  handler(call: Call<C, P, Q, B>): Promise<Answer<NoInfer<A>>>;
}

/** What the document is made from; hangs on the Fastify route. */
export interface Operation {
  readonly method: string;
  readonly url: string;
  readonly summary: string;
  readonly caller: Caller;
  readonly params: TSchema | undefined;
  readonly query: TSchema | undefined;
  readonly body: TSchema | undefined;
  readonly answers: Answers;
  readonly problems: readonly ErrorCode[];
  readonly oauthErrors: Readonly<Record<number, readonly OAuthErrorCode[]>> | undefined;
  readonly idempotent: boolean;
}

declare module "fastify" {
  interface FastifyContextConfig {
    operation?: Operation;
    /** A page's route: its errors are pages, not problem details. */
    page?: boolean;
  }
}

const authenticationProblems = (caller: Caller): readonly ErrorCode[] => {
  if (caller === "public") return [];
  const common: readonly ErrorCode[] = ["sign_in_needed", "dpop_nonce_required", "dpop_proof_invalid"];
  if (caller === "node") return [...common, "node_unknown"];
  return [
    ...common,
    "session_ended",
    "account_disabled",
    ...(caller === "people" ? (["scope_insufficient"] as const) : []),
  ];
};

/** Adds the route to `app`. */
export function route<
  C extends Caller,
  A extends Answers,
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
>(app: FastifyInstance, authentication: Authentication, spec: RouteSpec<C, P, Q, B, A>): void {
  const checkParams = compileCheck(spec.params);
  const checkQuery = compileCheck(spec.anyQuery === true ? spec.query : (spec.query ?? emptyQuery));
  const checkBody = compileCheck(spec.body);
  const problems = new Set<ErrorCode>(spec.problems ?? []);
  for (const code of authenticationProblems(spec.caller)) problems.add(code);
  if (spec.oauthErrors === undefined) {
    // Also without query and body: a parameter or JSON that nobody asked for is refused.
    if (spec.anyQuery !== true) problems.add("invalid_request");
    if (spec.params !== undefined) problems.add(spec.notFoundAs ?? "not_found");
    // request_in_progress is no part of it: a second request waits for the first one's transaction.
    if (spec.idempotent === true) {
      for (const code of ["idempotency_key_required", "idempotency_key_reused"] as const) problems.add(code);
    }
  }
  const operation: Operation = {
    method: spec.method,
    url: spec.url,
    summary: spec.summary,
    caller: spec.caller,
    params: spec.params,
    query: spec.query,
    body: spec.body,
    answers: spec.answers,
    problems: [...problems],
    oauthErrors: spec.oauthErrors,
    idempotent: spec.idempotent === true,
  };

  app.route({
    method: spec.method,
    url: spec.url,
    // A proof is made for one method: who holds a session asks with GET.
    exposeHeadRoute: spec.caller === "public",
    config: { operation },
    preHandler: guard(authentication, spec.caller),
    handler: async (request, reply) => {
      if (checkParams(request.params) !== undefined) throw new JitnodeError(spec.notFoundAs ?? "not_found");
      refuse("query", checkQuery(request.query));
      // Also where no body is declared: a repeat is told by its body, which is then walked.
      if (isNestedDeeper(request.body, deepest)) refuse("body", "it is nested too deeply");
      // Without a declared body whatever was sent is ignored, as RFC 9110 section 9.3.5 leaves open.
      if (spec.body !== undefined) refuse("body", checkBody(request.body));
      const answer = await spec.handler({
        request,
        reply,
        actor: actorOf(authentication, spec.caller, request) as ActorOf<C>,
        params: request.params as Parsed<P>,
        query: request.query as Parsed<Q>,
        body: request.body as Parsed<B>,
      });
      return send(reply, answer, spec.answers[answer.status] ?? null);
    },
  });
}

/** Levels of a JSON body; the deepest that is declared has four. */
const deepest = 16;

const emptyQuery = Type.Object({}, { additionalProperties: false });

function refuse(place: "query" | "body", reason: string | undefined): void {
  if (reason === undefined) return;
  throw new JitnodeError("invalid_request", { message: `The ${place} is not of the expected form: ${reason}.` });
}

function guard(authentication: Authentication, caller: Caller) {
  if (caller === "public") return [];
  return [caller === "node" ? authentication.node() : authentication.person(caller)];
}

function actorOf(authentication: Authentication, caller: Caller, request: FastifyRequest) {
  if (caller === "public") return undefined;
  return caller === "node" ? authentication.nodeOf(request) : authentication.personOf(request);
}

function send(
  reply: FastifyReply,
  answer: { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  schema: TSchema | Lines | null,
): FastifyReply {
  reply.code(answer.status).headers({ ...answer.headers });
  if (schema === null) return reply.send();
  if ("lines" in schema) {
    return sendStream(reply, "application/x-ndjson", answer.body as Readable);
  }
  return reply.type("application/json").send(answer.body);
}
