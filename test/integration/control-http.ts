// Owns control planes with HTTP for tests, in this process, and callers with keys and tokens of their own. How tokens
// are come by is the OAuth tests' matter: here they are issued by the same service.
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { generateKeyPair, type KeyPair } from "../../src/identity/keys.js";
import { signProof } from "../../src/identity/proofs.js";
import { clients, type PeopleScope } from "../../src/protocol/versions.js";
import { nodeRoutes } from "../../src/control/http/nodes/index.js";
import { peopleRoutes } from "../../src/control/http/people/index.js";
import type { Operation } from "../../src/control/http/route.js";
import { createControlApp } from "../../src/control/http/server.js";
import { createAccessTokens } from "../../src/control/services/access-tokens.js";
import { createSigningKeys } from "../../src/control/services/signing-keys.js";
import { insertSession } from "../../src/control/store/sessions.js";
import { onEnd } from "../support/cleanup.js";
import { addPerson, type AskingNode, type Person, type TestContext } from "./control-context.js";

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** Of a problem. */
  readonly code: string | undefined;
};

export type Sent = {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  /** A POST has a new one unless it says otherwise; null: none. */
  readonly idempotencyKey?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Caller = {
  send(sent: Sent): Promise<Answer>;
  /** An answer whose body does not end; its lines as they come. */
  stream(path: string): Promise<AsyncIterable<string>>;
};

export type SignedIn = Caller & { readonly person: Person };

export type ControlHttp = {
  readonly operations: readonly Operation[];
  /** Without token and proof. */
  readonly anybody: Caller;
  signIn(options?: { readonly person?: Person; readonly scope?: PeopleScope }): Promise<SignedIn>;
  asNode(node: Pick<AskingNode, "key" | "nodeId">): Promise<Caller>;
  close(): Promise<void>;
};

export async function createControlHttp(context: TestContext): Promise<ControlHttp> {
  const { app, operations } = createControlApp(context, [...peopleRoutes, ...nodeRoutes]);
  await app.ready();
  let closing: Promise<unknown> | undefined;
  const close = async (): Promise<void> => void (await (closing ??= app.close()));
  onEnd(close);

  const { clock, random, config } = context;
  const keys = createSigningKeys({ ...context, accessTokenTtl: config.accessTokenTtl });
  const tokens = createAccessTokens({
    ...context,
    keys,
    publicUrl: config.publicUrl,
    accessTokenTtl: config.accessTokenTtl,
  });

  const credentials = (bearer: { readonly key: KeyPair; readonly token: string } | undefined, sent: Sent) => {
    if (bearer === undefined) return {};
    const proof = signProof(bearer.key, {
      method: sent.method,
      url: config.publicUrl + sent.path,
      issuedAt: Math.floor(clock.now() / 1000),
      jti: random.token(16),
      nonce: context.secrets.nonce(clock.now()),
      accessToken: bearer.token,
    });
    return { authorization: `DPoP ${bearer.token}`, dpop: proof };
  };

  const callerOf = (
    bearer: { readonly key: KeyPair; readonly token: string } | undefined,
    address: string,
  ): Caller => ({
    async send(sent) {
      const idempotencyKey = sent.idempotencyKey === undefined ? random.token(18) : sent.idempotencyKey;
      const answer = await app.inject({
        method: sent.method,
        url: sent.path,
        remoteAddress: address,
        headers: {
          ...credentials(bearer, sent),
          ...(sent.method === "POST" && idempotencyKey !== null ? { "idempotency-key": idempotencyKey } : {}),
          ...(sent.body === undefined ? {} : { "content-type": "application/json" }),
          ...sent.headers,
        },
        ...(sent.body === undefined
          ? {}
          : { payload: typeof sent.body === "string" ? sent.body : JSON.stringify(sent.body) }),
      });
      const body: unknown = answer.body === "" ? undefined : JSON.parse(answer.body);
      const code = answer.statusCode >= 400 ? (body as { readonly code?: string }).code : undefined;
      return { status: answer.statusCode, headers: answer.headers, body, code };
    },
    async stream(path) {
      const answer = await app.inject({
        method: "GET",
        url: path,
        remoteAddress: address,
        headers: credentials(bearer, { method: "GET", path }),
        payloadAsStream: true,
      });
      if (answer.statusCode !== 200) throw new Error(`GET ${path}: ${String(answer.statusCode)}`);
      return linesOf(answer.stream());
    },
  });

  return {
    operations,
    anybody: callerOf(undefined, "192.0.2.1"),
    async signIn(options = {}) {
      const scope = options.scope ?? "people";
      const person = options.person ?? (await addPerson(context, { scope }));
      const key = generateKeyPair();
      const now = clock.now();
      await context.store.transaction((tx) =>
        insertSession(tx, {
          id: person.sessionId,
          account_id: person.accountId,
          client_id: clients.cli,
          dpop_jkt: key.thumbprint,
          scope,
          org_hint: null,
          address: person.address,
          agent: "jitnode",
          created_at: now,
          last_used_at: now,
          expires_at: now + 3_600_000,
          generation: 1,
          token_hash: createHash("sha256").update(random.token(32)).digest("base64url"),
          rotated_at: now,
          previous_token_hash: null,
          revoked_at: null,
        }),
      );
      const { token } = await tokens.issue({
        subject: person.accountId,
        clientId: clients.cli,
        scope,
        jkt: key.thumbprint,
        sessionId: person.sessionId,
      });
      return { ...callerOf({ key, token }, person.address), person };
    },
    async asNode({ key, nodeId }) {
      const { token } = await tokens.issue({ subject: nodeId, clientId: nodeId, scope: "node", jkt: key.thumbprint });
      return callerOf({ key, token }, "198.51.100.7");
    },
    close,
  };
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = "";
  for await (const part of stream) {
    const pieces = (rest + String(part)).split("\n");
    rest = pieces.pop() ?? "";
    yield* pieces;
  }
  if (rest !== "") yield rest;
}
