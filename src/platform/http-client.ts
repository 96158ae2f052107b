// Outgoing HTTP: time limits, a bound on what is read, own certificate authorities, the environment's proxy, no
// redirects. It returns what came, or says in which way nothing did; what the answer means is the caller's.

import { systemErrorCode } from "./atomic-file.js";
import { readAuthorities, usualAuthorities, withSystemAuthorities } from "./authorities.js";
import { exchange, TooLarge } from "./exchange.js";
import { createConnections, request, type Connections, type Dispatcher } from "./undici.js";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange; default 15 s. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpFailure {
  readonly kind: "failure";
  /** `aborted`: the caller's own signal. `too_large`: more than the limit was sent. */
  readonly reason: "unreachable" | "certificate" | "timeout" | "too_large" | "aborted";
  readonly detail: string;
}

export interface HttpStream {
  readonly kind: "stream";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Lines as they come, without the line end; ends when the other side does; throws when the connection breaks. */
  readonly lines: AsyncIterable<string>;
}

export interface HttpClient {
  send(request: HttpRequest): Promise<HttpAnswer | HttpFailure>;
  /** `timeout` counts until the headers are there; a non-200 answer is read whole. */
  stream(request: HttpRequest): Promise<HttpStream | HttpAnswer | HttpFailure>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  readonly caFile?: string | undefined;
  /** Never through the environment's proxy. */
  readonly direct?: boolean;
  /** Bytes of one answer, and of one line of a stream. */
  readonly limit?: number;
}

/** Milliseconds. */
const usualTimeout = 15_000;

/** Without it a server may answer in any coding (RFC 9110 section 12.5.3); none is read here. */
const uncoded = { "accept-encoding": "identity" };

/** Something else than TLS is spoken there: no certificate would help. */
const noTls = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/;
const certificateErrors = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS|ALTNAME|EPROTO|SSL/;

function failureOf(error: unknown, signal: AbortSignal | undefined): HttpFailure {
  if (signal?.aborted === true) return { kind: "failure", reason: "aborted", detail: "aborted" };
  if (error instanceof TooLarge) return { kind: "failure", reason: "too_large", detail: error.message };
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  const code = systemErrorCode(cause) ?? systemErrorCode(error) ?? (error instanceof Error ? error.name : "");
  // Node.js's advice is about options of its own.
  const detail = (cause instanceof Error ? cause.message : String(cause)).replace(
    /; if the root CA is installed.*$/,
    "",
  );
  if (/TimeoutError|TIMEOUT|TIMEDOUT/.test(code))
    return { kind: "failure", reason: "timeout", detail: "no answer in time" };
  if (noTls.test(code)) return { kind: "failure", reason: "unreachable", detail: "no TLS is spoken there" };
  return { kind: "failure", reason: certificateErrors.test(code) ? "certificate" : "unreachable", detail };
}

function flatHeaders(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

async function readWhole(body: Dispatcher.ResponseData["body"], limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      body.destroy();
      throw new TooLarge(limit);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* readLines(
  body: Dispatcher.ResponseData["body"],
  limit: number,
  ended: () => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > limit) throw new Error("a line of the stream is too long");
      for (const line of lines) if (line !== "") yield line;
    }
  } finally {
    ended();
  }
}

interface Limit {
  readonly signal: AbortSignal;
  /** The answer has begun: only the caller's own signal still counts. */
  stopTime(): void;
  /** Lets go of the caller's signal, which may live as long as the program. */
  release(): void;
}

function limitOf(outgoing: HttpRequest, timeout: number): Limit {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(() => controller.abort(new DOMException("no answer in time", "TimeoutError")), timeout);
  if (outgoing.signal?.aborted === true) abort();
  outgoing.signal?.addEventListener("abort", abort, { once: true });
  const stopTime = () => clearTimeout(timer);
  return {
    signal: controller.signal,
    stopTime,
    release: () => {
      stopTime();
      outgoing.signal?.removeEventListener("abort", abort);
    },
  };
}

/** What comes of `work`, or the abortion: undici does not listen to it while it connects. */
async function abortable(
  work: Promise<Dispatcher.ResponseData>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  // Whoever is late after all is not listened to.
  work.then(
    (answer) => signal.aborted && answer.body.destroy(),
    () => undefined,
  );
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Throws `setting_invalid` for a `caFile` of no use. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const limit = options.limit ?? 1024 * 1024;
  const connectionsWith = (ca: readonly string[] | undefined): Connections =>
    createConnections({
      timeout: 10_000,
      direct: options.direct ?? false,
      ...(ca === undefined ? {} : { ca: [...ca] }),
    });
  const own = options.caFile === undefined ? undefined : readAuthorities(options.caFile);
  const all: [Connections, ...Connections[]] = [connectionsWith(own)];
  let current = all[0];
  let hasAsked = false;

  /** Whether others than these stand ready, which trust the machine's authorities as well. */
  const trustsMoreThan = (used: Connections): boolean => {
    if (!hasAsked) {
      const ca = withSystemAuthorities(own ?? usualAuthorities());
      hasAsked = true;
      if (ca !== undefined) all.push((current = connectionsWith(ca)));
    }
    return current !== used;
  };

  /** A certificate that is not trusted ends a connection before anything of the request has left. */
  const asked = async <A>({ url, signal }: HttpRequest, ask: (dispatcher: Dispatcher) => Promise<A>): Promise<A> => {
    const used = current;
    try {
      return await ask(used.to(url));
    } catch (error) {
      const { reason } = failureOf(error, signal);
      if (reason !== "certificate" || !trustsMoreThan(used)) throw error;
      return await ask(current.to(url));
    }
  };

  const failed = (error: unknown, { url, signal }: HttpRequest): HttpFailure => {
    const failure = failureOf(error, signal);
    const beside = current.mayUseProxy(url) ? " (a proxy is set in the environment)" : "";
    return { ...failure, detail: `${failure.detail}${beside}` };
  };

  return {
    async send(outgoing) {
      const { method, url, body = null, timeout = usualTimeout, signal } = outgoing;
      const headers = { ...uncoded, ...outgoing.headers };
      const end = performance.now() + timeout;
      try {
        const { status, ...answer } = await asked(outgoing, (dispatcher) =>
          exchange({ dispatcher, url, method, headers, body, limit, timeout: end - performance.now(), signal }),
        );
        return { kind: "answer", status, headers: flatHeaders(answer.headers), body: answer.body };
      } catch (error) {
        return failed(error, outgoing);
      }
    },
    async stream(outgoing) {
      const { method, url, body = null, timeout = usualTimeout } = outgoing;
      const headers = { ...uncoded, ...outgoing.headers };
      const time = limitOf(outgoing, timeout);
      const { signal } = time;
      try {
        const answer = await asked(outgoing, (dispatcher) =>
          abortable(request(dispatcher, url, { method, headers, body, signal }), signal),
        );
        if (answer.statusCode !== 200) {
          const read = await readWhole(answer.body, limit);
          time.release();
          return { kind: "answer", status: answer.statusCode, headers: flatHeaders(answer.headers), body: read };
        }
        time.stopTime();
        const lines = readLines(answer.body, limit, time.release);
        return { kind: "stream", status: 200, headers: flatHeaders(answer.headers), lines };
      } catch (error) {
        time.release();
        return failed(error, outgoing);
      }
    },
    async close() {
      await Promise.all(all.map((connections) => connections.destroy()));
    },
  };
}
