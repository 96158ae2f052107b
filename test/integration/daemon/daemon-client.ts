// Owns talking to a started daemon's socket in tests, over plain node:http, so that what the daemon says is seen as it is.
import { request } from "node:http";
import { expect } from "vitest";
import { status as statusSchema, type Status } from "../../../src/protocol/local.js";
import { asJson } from "../../../src/protocol/parse.js";

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Record<string, unknown>;
};

export type Ask = { readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

/** One exchange; `headers` replace the usual ones. */
export function ask(socket: string, method: string, path: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: "jitnoded",
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    };
    const call = request({ socketPath: socket, method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => {
        const isJson = String(response.headers["content-type"]).includes("json");
        const body = isJson && text !== "" ? (JSON.parse(text.split("\n")[0] ?? "") as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body });
      });
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end(options.body);
  });
}

/** The status, which must fit its schema. */
export async function statusOf(daemon: { readonly socket: string }): Promise<Status> {
  const answer = await ask(daemon.socket, "GET", "/v1/status");
  const status = asJson(statusSchema, answer.text);
  if (status === undefined) throw new Error(`not a status: ${answer.text}`);
  return status;
}

/** Waits until the status is so. */
export async function reach(
  daemon: { readonly socket: string },
  what: Partial<Status> | ((status: Status) => boolean),
  timeout = 30_000,
): Promise<Status> {
  let last: Status | undefined;
  const matches = async (): Promise<boolean> => {
    last = await statusOf(daemon);
    const status = last;
    if (typeof what === "function") return what(status);
    return Object.entries(what).every(([name, value]) => status[name as keyof Status] === value);
  };
  await expect
    .poll(matches, { timeout, interval: 20, message: "the status that was waited for" })
    .toBe(true)
    .catch((error: unknown) => {
      throw new Error(`never reached ${String(JSON.stringify(what) ?? what)}; last: ${JSON.stringify(last)}`, {
        cause: error,
      });
    });
  if (last === undefined) throw new Error("no status");
  return last;
}

/** Without what depends on the machine of the tests, which may be a container itself. */
export const warningsAnywhere = (status: Status): readonly string[] =>
  warningsOf(status).filter((code) => code !== "state_on_container_layer");

export const warningsOf = (status: Status): readonly string[] => status.warnings.map(({ code }) => code);
