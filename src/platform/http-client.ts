// Outgoing HTTP: time limits, a bound on what is read, own certificate authorities, the environment's proxy, no
// redirects. It returns what came, or says in which way nothing did; what the answer means is the caller's.

import { systemErrorCode } from "./atomic-file.js";
import { readAuthorities, systemAuthorities } from "./authorities.js";
import { createAgent, request, type Agent, type Dispatcher } from "./undici.js";

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
  /** Bytes of one answer, and of one line of a stream. */
  readonly limit?: number;
}

/** Something else than TLS is spoken there: no certificate would help. */
const noTls = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/;
const certificateErrors = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS|ALTNAME|EPROTO|SSL/;

function failureOf(error: unknown, signal: AbortSignal | undefined): HttpFailure {
  if (signal?.aborted === true) return { kind: "failure", reason: "aborted", detail: "aborted" };
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  const code = systemErrorCode(cause) ?? systemErrorCode(error) ?? (error instanceof Error ? error.name : "");
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (/TimeoutError|TIMEOUT|TIMEDOUT/.test(code))
    return { kind: "failure", reason: "timeout", detail: "no answer in time" };
  const certificate = certificateErrors.test(code) && !noTls.test(code);
  return { kind: "failure", reason: certificate ? "certificate" : "unreachable", detail };
}

function flatHeaders(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

async function readWhole(body: Dispatcher.ResponseData["body"], limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      body.destroy();
      return undefined;
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

function limitOf(outgoing: HttpRequest): Limit {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(
    () => controller.abort(new DOMException("no answer in time", "TimeoutError")),
    outgoing.timeout ?? 15_000,
  );
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

/** Throws `setting_invalid` for a `caFile` of no use. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const limit = options.limit ?? 1024 * 1024;
  const agentWith = (ca: readonly string[] | undefined): Agent =>
    createAgent({ timeout: 10_000, ...(ca === undefined ? {} : { ca: [...ca] }) });
  const agents: [Agent, ...Agent[]] = [
    agentWith(options.caFile === undefined ? undefined : readAuthorities(options.caFile)),
  ];
  let current = agents[0];
  let asked = false;

  /** Whether another agent than this one stands ready, which trusts the machine's authorities as well. */
  const trustsMoreThan = (agent: Agent): boolean => {
    if (!asked) {
      asked = true;
      const ca = systemAuthorities(options.caFile);
      if (ca !== undefined) agents.push((current = agentWith(ca)));
    }
    return current !== agent;
  };

  /** A certificate that is not trusted ends a connection before anything of the request has left. */
  const exchange = async <T extends HttpAnswer | HttpStream>(
    send: (agent: Agent) => Promise<T | HttpFailure>,
  ): Promise<T | HttpFailure> => {
    const agent = current;
    const came = await send(agent);
    const doubted = came.kind === "failure" && came.reason === "certificate";
    return doubted && trustsMoreThan(agent) ? send(current) : came;
  };

  const open = (agent: Agent, outgoing: HttpRequest, signal: AbortSignal) =>
    request(agent, outgoing.url, {
      method: outgoing.method,
      headers: { ...outgoing.headers },
      body: outgoing.body ?? null,
      signal,
    });

  const whole = async (answer: Dispatcher.ResponseData): Promise<HttpAnswer | HttpFailure> => {
    const body = await readWhole(answer.body, limit);
    if (body === undefined) return { kind: "failure", reason: "too_large", detail: `more than ${limit} bytes` };
    return { kind: "answer", status: answer.statusCode, headers: flatHeaders(answer.headers), body };
  };

  const sendBy = async (agent: Agent, outgoing: HttpRequest): Promise<HttpAnswer | HttpFailure> => {
    const time = limitOf(outgoing);
    try {
      return await whole(await open(agent, outgoing, time.signal));
    } catch (error) {
      return failureOf(error, outgoing.signal);
    } finally {
      time.release();
    }
  };

  const streamBy = async (agent: Agent, outgoing: HttpRequest): Promise<HttpStream | HttpAnswer | HttpFailure> => {
    const time = limitOf(outgoing);
    try {
      const answer = await open(agent, outgoing, time.signal);
      if (answer.statusCode !== 200) {
        const read = await whole(answer);
        time.release();
        return read;
      }
      time.stopTime();
      const lines = readLines(answer.body, limit, time.release);
      return { kind: "stream", status: 200, headers: flatHeaders(answer.headers), lines };
    } catch (error) {
      time.release();
      return failureOf(error, outgoing.signal);
    }
  };

  return {
    send: (outgoing) => exchange((agent) => sendBy(agent, outgoing)),
    stream: (outgoing) => exchange((agent) => streamBy(agent, outgoing)),
    async close() {
      await Promise.all(agents.map((agent) => agent.destroy()));
    },
  };
}
