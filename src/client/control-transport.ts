// How a client talks to a control plane: metadata, a DPoP proof per attempt, nonces, the control plane's clock. It
// repeats a request for its proof's sake only; when to ask again otherwise is the caller's.

import type { Static, TSchema } from "typebox";
import { asServerUrl, isLoopbackHost } from "../config/read.js";
import type { KeyPair } from "../identity/keys.js";
import { signProof } from "../identity/proofs.js";
import type { Clock } from "../platform/clock.js";
import type { HttpAnswer, HttpClient, HttpFailure, HttpRequest, HttpStream } from "../platform/http-client.js";
import type { Random } from "../platform/random.js";
import { JitnodeError } from "../protocol/errors.js";
import { serverMetadata, type ServerMetadata } from "../protocol/oauth.js";
import { asJson } from "../protocol/parse.js";
import { version } from "../protocol/versions.js";
import {
  isOfOrigin,
  mismatch,
  narrowApi,
  narrowOAuth,
  nothing,
  toFailure,
  unexpected,
  type ApiAnswer,
  type Failure,
  type Narrowed,
  type OAuthAnswer,
  type Ok,
  type Problem,
} from "./control-answers.js";

export { nothing };
export type { ApiAnswer, Failure, OAuthAnswer, OAuthRefusal, Ok, Problem } from "./control-answers.js";

export interface ControlStream {
  readonly kind: "stream";
  readonly lines: AsyncIterable<string>;
}

export type OAuthEndpoint = "device_authorization" | "token" | "revocation";
/** Members that are undefined are not sent. */
export type Form = Readonly<Record<string, string | undefined>>;

export interface ControlTransportOptions {
  /** The control plane's URL: an origin, with or without a trailing slash. */
  readonly server: string;
  readonly http: HttpClient;
  readonly key: KeyPair;
  readonly clock: Clock;
  readonly random: Random;
  /** JITNODE_ALLOW_HTTP: accept http:// for hosts other than loopback. */
  readonly allowHttp?: boolean;
  /** The program's name, for the User-Agent header. */
  readonly agent?: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one attempt; default 15 s. */
  readonly timeout?: number | undefined;
}

export interface ApiOptions<T extends TSchema> extends CallOptions {
  /** What a 2xx answer must be; `nothing` (or a union with it) where the body may be empty. */
  readonly schema: T;
  readonly accessToken: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
}

export interface ControlTransport {
  /** The issuer: the origin that was asked for. */
  readonly issuer: string;
  metadata(call?: CallOptions): Promise<Ok<ServerMetadata> | Failure>;
  /** `form` may depend on the control plane's time in seconds: a client assertion is made anew for each attempt. */
  oauth<T extends TSchema>(
    endpoint: OAuthEndpoint,
    form: Form | ((issuedAt: number) => Form),
    call: CallOptions & { readonly schema: T },
  ): Promise<OAuthAnswer<Static<T>>>;
  api<T extends TSchema>(
    method: HttpRequest["method"],
    path: string,
    call: ApiOptions<T>,
  ): Promise<ApiAnswer<Static<T>>>;
  /** The NDJSON lines of a long answer. */
  stream(
    path: string,
    call: CallOptions & { readonly accessToken: string },
  ): Promise<ControlStream | Problem | Failure>;
  /** The control plane's clock minus this machine's, in milliseconds; undefined before the first answer. */
  clockOffset(): number | undefined;
}

/** The issuer that a control plane's URL stands for; throws `server_invalid`. */
export function parseServer(text: string, allowHttp: boolean): string {
  const url = asServerUrl(text);
  if (url === undefined) throw new JitnodeError("server_invalid");
  if (url.protocol === "http:" && !allowHttp && !isLoopbackHost(url.hostname)) {
    throw new JitnodeError("server_invalid", {
      message: "http:// is for loopback addresses: elsewhere anybody on the way could read and change everything.",
    });
  }
  return url.origin;
}

/** How long metadata is believed, in milliseconds. */
const metadataLife = 60 * 60 * 1000;
/** A refused proof is made again when the clocks differ by more than this from what was assumed, in milliseconds. */
const clockSlack = 2_000;

type Realm = "oauth" | "api";

export function createControlTransport(options: ControlTransportOptions): ControlTransport {
  const { http, key, clock, random } = options;
  const issuer = parseServer(options.server, options.allowHttp ?? false);
  const userAgent = `${options.agent ?? "jitnode"}/${version}`;
  const nonces = new Map<Realm, string>();
  let offset: number | undefined;
  let known: { readonly metadata: ServerMetadata; readonly until: number } | undefined;

  const issuedAt = (): number => Math.floor((clock.now() + (offset ?? 0)) / 1000);

  /** RFC 9110 section 6.6.1: Date is the other side's clock, cut to the second. This machine's own clock is never set. */
  function learnFrom(realm: Realm | undefined, headers: HttpAnswer["headers"]): void {
    const date = Date.parse(headers["date"] ?? "");
    if (!Number.isNaN(date)) offset = date + 500 - clock.now();
    const nonce = headers["dpop-nonce"];
    if (realm !== undefined && nonce !== undefined && /^[\x21-\x7e]{1,256}$/.test(nonce)) nonces.set(realm, nonce);
  }

  function headersFor(
    realm: Realm,
    method: HttpRequest["method"],
    url: string,
    accessToken?: string,
  ): Record<string, string> {
    const proof = signProof(key, {
      method,
      url,
      issuedAt: issuedAt(),
      jti: random.token(16),
      // RFC 9449 section 8.2 keeps both kinds apart; until the own one is known, the other is a good guess.
      nonce: nonces.get(realm) ?? nonces.get(realm === "api" ? "oauth" : "api"),
      accessToken,
    });
    return {
      accept: "application/json, application/problem+json",
      "user-agent": userAgent,
      dpop: proof,
      ...(accessToken === undefined ? {} : { authorization: `DPoP ${accessToken}` }),
    };
  }

  /** One exchange, repeated at most once for a nonce and once for a clock, each time with a new proof. */
  async function exchange<A extends HttpAnswer | HttpStream, R extends { readonly kind: string }>(
    realm: Realm,
    attempt: () => Promise<A | HttpFailure>,
    narrow: (answer: A) => Narrowed<R>,
  ): Promise<R | Failure> {
    let [nonceMayHelp, clockMayHelp] = [true, true];
    for (;;) {
      const assumed = offset ?? 0;
      const came: A | HttpFailure = await attempt();
      if (came.kind === "failure") return toFailure(came as HttpFailure);
      const answer = came as A;
      const { result, proof } = narrow(answer);
      // Only what is an answer of a control plane may set the clock or the nonce.
      if (result.kind !== "failure") learnFrom(realm, answer.headers);
      // A proof is refused also where the control plane has got another URL: the next metadata say so.
      if (result.kind === "failure" || proof === "refused") known = undefined;
      if (proof === "nonce" && nonceMayHelp && answer.headers["dpop-nonce"] !== undefined) nonceMayHelp = false;
      else if (proof === "refused" && clockMayHelp && Math.abs((offset ?? 0) - assumed) > clockSlack) {
        clockMayHelp = false;
      } else return result;
    }
  }

  async function fetchMetadata(call: CallOptions): Promise<Ok<ServerMetadata> | Failure> {
    const answer = await http.send({
      method: "GET",
      url: `${issuer}/.well-known/oauth-authorization-server`,
      headers: { accept: "application/json", "user-agent": userAgent },
      ...limitsOf(call),
    });
    if (answer.kind === "failure") return toFailure(answer);
    const metadata = answer.status === 200 ? asJson(serverMetadata, answer.body) : undefined;
    if (metadata === undefined) return unexpected(answer);
    // RFC 8414 section 3.3: identical, without any normalization.
    if (metadata.issuer !== issuer) return mismatch(issuer, metadata.issuer);
    const { token_endpoint, device_authorization_endpoint, revocation_endpoint, jwks_uri } = metadata;
    for (const endpoint of [token_endpoint, device_authorization_endpoint, revocation_endpoint, jwks_uri]) {
      if (!isOfOrigin(endpoint, issuer)) return mismatch(issuer, endpoint);
    }
    learnFrom(undefined, answer.headers);
    known = { metadata, until: clock.now() + metadataLife };
    return { kind: "ok", body: metadata };
  }

  const metadata = async (call: CallOptions = {}): Promise<Ok<ServerMetadata> | Failure> =>
    known !== undefined && clock.now() < known.until ? { kind: "ok", body: known.metadata } : fetchMetadata(call);

  return {
    issuer,
    metadata,
    async oauth(endpoint, form, call) {
      const about = await metadata(call);
      if (about.kind !== "ok") return about;
      const url = about.body[`${endpoint}_endpoint`];
      const attempt = () =>
        http.send({
          method: "POST",
          url,
          headers: { ...headersFor("oauth", "POST", url), "content-type": "application/x-www-form-urlencoded" },
          body: encodeForm(typeof form === "function" ? form(issuedAt()) : form),
          ...limitsOf(call),
        });
      return exchange("oauth", attempt, (answer) => narrowOAuth(call.schema, answer));
    },
    async api(method, path, call) {
      const about = await metadata(call);
      if (about.kind !== "ok") return about;
      const url = `${issuer}${path}`;
      const attempt = () =>
        http.send({
          method,
          url,
          headers: {
            ...headersFor("api", method, url, call.accessToken),
            ...(call.body === undefined ? {} : { "content-type": "application/json" }),
            ...(call.idempotencyKey === undefined ? {} : { "idempotency-key": call.idempotencyKey }),
          },
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
          ...limitsOf(call),
        });
      return exchange("api", attempt, (answer) => narrowApi(call.schema, answer));
    },
    async stream(path, call) {
      const about = await metadata(call);
      if (about.kind !== "ok") return about;
      const url = `${issuer}${path}`;
      const attempt = () =>
        http.stream({
          method: "GET",
          url,
          headers: headersFor("api", "GET", url, call.accessToken),
          ...limitsOf(call),
        });
      return exchange("api", attempt, narrowStream);
    },
    clockOffset: () => offset,
  };
}

function narrowStream(answer: HttpAnswer | HttpStream): Narrowed<ControlStream | Problem | Failure> {
  if (answer.kind === "stream") return { result: { kind: "stream", lines: answer.lines } };
  const { result, proof } = narrowApi(nothing, answer);
  return { result: result.kind === "ok" ? unexpected(answer) : result, proof };
}

const limitsOf = (call: CallOptions): Pick<HttpRequest, "signal" | "timeout"> => ({
  ...(call.signal === undefined ? {} : { signal: call.signal }),
  ...(call.timeout === undefined ? {} : { timeout: call.timeout }),
});

function encodeForm(form: Form): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) if (value !== undefined) parameters.set(name, value);
  return parameters.toString();
}
