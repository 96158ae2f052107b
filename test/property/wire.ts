// Owns HTTP as the test clients speak it: one request, also with an answer that is lost. Nothing here is the program's.
import { Agent, request, type IncomingHttpHeaders } from "node:http";

/** `cut`: the connection ends as soon as the request has left; whether it was worked on, nobody is told. */
export type Fate = "answered" | "cut";

export type Outgoing = {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly fate?: Fate;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

/** Of several URLs one after another is asked: replicas behind a load balancer that forgets who asked whom. */
export type Target = { readonly urls: readonly string[] } | { readonly socket: string };

/** What came of a request whose answer never did. */
export class LostAnswer extends Error {
  override readonly name = "LostAnswer";
}

export type Wire = { send(outgoing: Outgoing): Promise<Answer>; close(): void };

export function createWire(target: Target): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const places =
    "socket" in target
      ? [{ socketPath: target.socket, headers: { host: "jitnoded" } }]
      : target.urls.map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port), headers: {} }));
  let asked = 0;
  return {
    send: ({ method, path, headers, body, fate }) =>
      new Promise<Answer>((resolve, reject) => {
        const place = places[asked++ % places.length];
        const length: Record<string, string> =
          body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
        const call = request(
          // A cut connection is no other request's.
          {
            ...place,
            method,
            path,
            agent: fate === "cut" ? false : agent,
            headers: { ...place?.headers, ...headers, ...length },
            timeout: 20_000,
          },
          (response) => {
            let text = "";
            response.setEncoding("utf8");
            response.on("data", (part: string) => (text += part));
            response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
            response.on("error", (cause) => reject(new LostAnswer("the answer broke off", { cause })));
          },
        );
        call.on("timeout", () => call.destroy(new Error("no answer within 20 s")));
        call.on("error", (cause) => reject(new LostAnswer(`${method} ${path}: ${cause.message}`, { cause })));
        if (fate === "cut") call.on("finish", () => setImmediate(() => call.destroy(new Error("cut on purpose"))));
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** The answer's JSON as a plain object; an empty one for anything else. */
export function fields(answer: Answer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(answer.text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A member of an answer that must be a text. */
export function textOf(from: Readonly<Record<string, unknown>>, name: string): string {
  const value = from[name];
  if (typeof value !== "string") throw new Error(`expected a text "${name}" in ${JSON.stringify(from)}`);
  return value;
}

/** `ok`, or the code of the problem (RFC 9457) or of the OAuth error. */
export function outcomeOf(answer: Answer): string {
  if (answer.status >= 200 && answer.status < 300) return "ok";
  const { code, error } = fields(answer);
  return typeof code === "string" ? code : typeof error === "string" ? error : `http ${answer.status}`;
}
