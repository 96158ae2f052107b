// How providers are asked: 10 s, 1 MiB, no redirects followed, JSON whatever its content type says (WeChat: text/plain).
// What is no answer becomes one of two errors; `log.reason` says more, to the operator alone, and holds no code or token.

import type { HttpAnswer, HttpClient, HttpFailure } from "../../platform/http-client.js";
import { JitnodeError } from "../../protocol/errors.js";
import { version } from "../../protocol/versions.js";

const usualTimeout = 10_000;

export interface ProviderRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ProviderAnswer {
  readonly status: number;
  /** Of the `Date` header, milliseconds since 1970. */
  readonly date: number | undefined;
  readonly body: unknown;
}

export interface ProviderHttp {
  /** Any status below 500 but redirects; throws `sign_in_provider_unreachable` and `sign_in_provider_failed`. */
  json(request: ProviderRequest): Promise<ProviderAnswer>;
}

/** It cannot be used now. */
export const unreachable = (reason: string): JitnodeError =>
  new JitnodeError("sign_in_provider_unreachable", { log: { reason } });

/** What it said is not to be believed, or says that we are set wrongly. Without a cause: that could hold a token. */
export const failed = (reason: string): JitnodeError =>
  new JitnodeError("sign_in_provider_failed", { log: { reason } });

/** Text from elsewhere: its first line, short and printable. */
export const plain = (text: string): string =>
  (text.split(/[\r\n]/)[0] ?? "").replace(/[^\x20-\x7e]/g, "?").slice(0, 200);

/** What the operator is told of an error: the reason where there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof JitnodeError)) return error instanceof Error ? error.message : String(error);
  const reason = error.log?.["reason"];
  return typeof reason === "string" ? reason : error.message;
}

/** `timeout`: milliseconds for one exchange. */
export function createProviderHttp(client: HttpClient, timeout = usualTimeout): ProviderHttp {
  return {
    async json(request) {
      const answer = await client.send({
        ...request,
        headers: { accept: "application/json", "user-agent": `jitnode-control/${version}`, ...request.headers },
        timeout,
      });
      if (answer.kind === "failure") throw ofFailure(hostOf(request), answer, timeout);
      const { status, headers } = answer;
      if (status >= 500) throw unreachable(`${hostOf(request)} answered with status ${String(status)}`);
      if (status >= 300 && status < 400) {
        throw failed(`${hostOf(request)} answered with a redirect, which is not followed`);
      }
      const date = Date.parse(headers["date"] ?? "");
      return { status, date: Number.isNaN(date) ? undefined : date, body: parse(request, answer) };
    },
  };
}

const hostOf = ({ url }: ProviderRequest): string => new URL(url).host;

function ofFailure(host: string, failure: HttpFailure, timeout: number): JitnodeError {
  switch (failure.reason) {
    case "too_large":
      return failed(`${host} answered with ${failure.detail}`);
    case "certificate":
      return unreachable(`the certificate of ${host} is not trusted: ${failure.detail}`);
    case "timeout":
      return unreachable(`${host} did not answer within ${String(timeout / 1000)} seconds`);
    case "aborted":
    case "unreachable":
      return unreachable(`${host} cannot be reached: ${failure.detail}`);
  }
}

function parse(request: ProviderRequest, { status, headers, body }: HttpAnswer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const coding = headers["content-encoding"] ?? "identity";
    const text = /^\s*</.test(body) ? "a web page" : "something that is not JSON";
    const what = coding === "identity" ? text : `something in the coding ${plain(coding)}, which was not asked for`;
    throw failed(`${hostOf(request)} answered with ${what} (status ${String(status)})`);
  }
}
