// Owns requests to a site as a client with a key makes them (DPoP, nonces, idempotency keys); each answer is judged by
// the document. Which replica answered is known, and the next request can be sent to another one.
import { randomUUID } from "node:crypto";
import { generateKeyPair, type KeyPair } from "../../../src/identity/keys.js";
import { signProof } from "../../../src/identity/proofs.js";
import { onEnd } from "../../support/cleanup.js";
import type { Contract } from "./document.js";
import { replicaHeader } from "./forwarder.js";

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Its JSON object; an empty one for anything else. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `ok`, or the code of the problem or of the OAuth error. */
  readonly outcome: string;
  readonly replica: number;
};

export type Sent = {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string | undefined>>;
  /** As it is, in place of `json` and `form`. */
  readonly raw?: { readonly type: string; readonly body: string };
  /** A POST of the people's API has a new one unless it says otherwise; null: none. */
  readonly idempotencyKey?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
  /** Goes to another replica than the one that gave this answer, where there are two. */
  readonly awayFrom?: Pick<Answer, "replica"> | undefined;
  readonly replica?: number;
  /** null: none. */
  readonly proof?: {
    readonly jti?: string;
    readonly nonce?: string;
    /** By a clock of its own, in seconds. */
    readonly issuedAt?: number;
  } | null;
};

export type Lines = {
  /** The next event; undefined at the end. */
  readonly next: () => Promise<Readonly<Record<string, unknown>> | undefined>;
  readonly replica: number;
};

export type Caller = {
  readonly key: KeyPair;
  readonly address: string;
  /** The nonce of the last answer. */
  readonly nonce: () => string | undefined;
  /** Asked for a nonce, it repeats the request once, unless `proof` says what the proof is to be. */
  readonly send: (sent: Sent) => Promise<Answer>;
  /** An answer of lines that does not end by itself; closed when the test ends. */
  readonly stream: (sent: Sent) => Promise<Lines>;
};

export type CallerOptions = {
  readonly url: string;
  readonly contract: Contract;
  readonly replicas: number;
  /** What X-Forwarded-For says: limits count by address, and each client has its own. */
  readonly address: string;
  readonly key?: KeyPair;
};

export function createCaller(options: CallerOptions): Caller {
  const { url, contract, replicas, address, key = generateKeyPair() } = options;
  let nonce: string | undefined;

  const replicaOf = ({ replica, awayFrom }: Sent): number | undefined =>
    replica ?? (awayFrom === undefined ? undefined : (awayFrom.replica + 1) % replicas);

  const bodyOf = ({ raw, json, form }: Sent): { readonly type: string; readonly body: string } | undefined => {
    if (raw !== undefined) return raw;
    if (json !== undefined) return { type: "application/json", body: JSON.stringify(json) };
    if (form === undefined) return undefined;
    const given = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { type: "application/x-www-form-urlencoded", body: new URLSearchParams(given).toString() };
  };

  const headersOf = (sent: Sent, type: string | undefined): Record<string, string> => {
    const { method, path, token, proof } = sent;
    const replica = replicaOf(sent);
    const signed =
      proof === null
        ? undefined
        : signProof(key, {
            method,
            url: url + path,
            issuedAt: proof?.issuedAt ?? seconds(),
            jti: proof?.jti ?? randomUUID(),
            nonce: proof?.nonce ?? nonce,
            accessToken: token,
          });
    return {
      "x-forwarded-for": address,
      "user-agent": "contract",
      ...(signed === undefined ? {} : { dpop: signed }),
      ...(token === undefined ? {} : { authorization: `DPoP ${token}` }),
      ...(type === undefined ? {} : { "content-type": type }),
      ...(replica === undefined ? {} : { [replicaHeader]: String(replica) }),
      ...(typeof sent.idempotencyKey === "string" ? { "idempotency-key": sent.idempotencyKey } : {}),
      ...sent.headers,
    };
  };

  const fetched = async (sent: Sent): Promise<Response> => {
    const given = bodyOf(sent);
    const response = await fetch(url + sent.path, {
      method: sent.method,
      redirect: "manual",
      headers: headersOf(sent, given?.type),
      ...(given === undefined ? {} : { body: given.body }),
    });
    nonce = response.headers.get("dpop-nonce") ?? nonce;
    return response;
  };

  const judge = (sent: Sent, response: Response, body: string): void => {
    const given = bodyOf(sent);
    contract.judge({
      method: sent.method,
      path: sent.path,
      sent: { type: given?.type, body: given?.body },
      status: response.status,
      type: response.headers.get("content-type") ?? undefined,
      body,
    });
  };

  const once = async (sent: Sent): Promise<Answer> => {
    const response = await fetched(sent);
    const text = await response.text();
    judge(sent, response, text);
    const { status, headers } = response;
    const body = asObject(text);
    const code = body["code"] ?? body["error"] ?? `http ${String(status)}`;
    const outcome = status < 300 ? "ok" : String(code);
    return { status, headers, text, body, outcome, replica: Number(headers.get(replicaHeader)) };
  };

  const send: Caller["send"] = async (sent) => {
    // The same idempotency key in both attempts: it is one request.
    const fixed = sent.idempotencyKey === undefined ? { ...sent, idempotencyKey: repeatKey(sent) } : sent;
    const first = await once(fixed);
    const answer = wantsNonce(first) && sent.proof === undefined ? await once(fixed) : first;
    if (replicas > 1 && sent.awayFrom?.replica === answer.replica) throw new Error(`${sent.path}: the same replica`);
    return answer;
  };

  return {
    key,
    address,
    nonce: () => nonce,
    send,
    async stream(sent) {
      let response = await fetched(sent);
      if (response.status === 401) {
        await response.arrayBuffer();
        response = await fetched(sent);
      }
      if (response.status !== 200 || response.body === null) {
        throw new Error(`${sent.path}: ${String(response.status)} ${await response.text()}`);
      }
      const lines = linesOf(response.body);
      return {
        replica: Number(response.headers.get(replicaHeader)),
        async next() {
          const line = await lines();
          if (line === undefined) return undefined;
          judge(sent, response, line);
          return asObject(line);
        },
      };
    },
  };
}

const repeatKey = ({ method, path }: Sent): string | null =>
  method === "POST" && path.startsWith("/v1/") && !path.startsWith("/v1/node/") ? randomUUID() : null;

export const seconds = (): number => Math.floor(Date.now() / 1000);

const wantsNonce = ({ outcome }: Answer): boolean => outcome === "dpop_nonce_required" || outcome === "use_dpop_nonce";

function asObject(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith("{")) return {};
  return JSON.parse(text) as Record<string, unknown>;
}

function linesOf(body: ReadableStream<Uint8Array>): () => Promise<string | undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  onEnd(async () => {
    await reader.cancel().catch(() => undefined);
  });
  let rest = "";
  return async () => {
    for (;;) {
      const end = rest.indexOf("\n");
      if (end >= 0) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        return line;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest += decoder.decode(value, { stream: true });
    }
  };
}

/** A member of an answer that must be a text. */
export function textOf(from: Readonly<Record<string, unknown>>, ...names: readonly string[]): string {
  let value: unknown = from;
  for (const name of names) value = Object(value)[name];
  if (typeof value !== "string") throw new Error(`expected a text at ${names.join(".")} in ${JSON.stringify(from)}`);
  return value;
}
