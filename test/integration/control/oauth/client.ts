// Owns a plain OAuth client for tests of the server: forms, proofs that can be bent, and nonces when they are wanted.
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { generateKeyPair, type KeyPair } from "../../../../src/identity/keys.js";
import { signClientAssertion, signProof } from "../../../../src/identity/proofs.js";
import { jwtBearerAssertion, grantTypes } from "../../../../src/protocol/versions.js";
import { allRoutes } from "../../../../src/control/http/routes.js";
import { createControlApp } from "../../../../src/control/http/server.js";
import { decide, findByUserCode } from "../../../../src/control/store/device-requests.js";
import { insertNode } from "../../../../src/control/store/nodes.js";
import { onEnd } from "../../../support/cleanup.js";
import type { AccountId } from "../../../../src/domain/ids.js";
import { nodeIdOf } from "../../../../src/domain/ids.js";
import type { TestContext } from "../../control-context.js";

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
};

export type ProofOptions = {
  readonly nonce?: string | undefined;
  readonly accessToken?: string | undefined;
  /** Milliseconds. */
  readonly at?: number;
  readonly jti?: string;
};

export type Server = {
  readonly context: TestContext;
  readonly app: FastifyInstance;
  readonly nonce: () => string;
  readonly proof: (key: KeyPair, method: string, path: string, options?: ProofOptions) => string;
  /** A form; with a key it is proven with a fresh nonce unless `proof` says otherwise. */
  readonly post: (
    path: string,
    fields: Readonly<Record<string, string>>,
    key?: KeyPair,
    options?: ProofOptions & { readonly address?: string },
  ) => Promise<Answer>;
  readonly call: (
    method: "GET" | "POST" | "DELETE",
    path: string,
    key: KeyPair,
    accessToken: string,
    options?: ProofOptions & { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<Answer>;
};

export async function serve(context: TestContext): Promise<Server> {
  const { app } = createControlApp(context, allRoutes);
  await app.ready();
  onEnd(() => app.close());
  const { publicUrl } = context.config;
  const nonce = (): string => context.secrets.nonce(context.clock.now());
  const proof = (key: KeyPair, method: string, path: string, options: ProofOptions = {}): string =>
    signProof(key, {
      method,
      url: publicUrl + path,
      issuedAt: Math.floor((options.at ?? context.clock.now()) / 1000),
      jti: options.jti ?? randomUUID(),
      nonce: "nonce" in options ? options.nonce : nonce(),
      accessToken: options.accessToken,
    });
  const toAnswer = (response: { statusCode: number; headers: object; payload: string }): Answer => ({
    status: response.statusCode,
    headers: { ...response.headers },
    body: response.payload === "" ? {} : (JSON.parse(response.payload) as Record<string, unknown>),
  });
  return {
    context,
    app,
    nonce,
    proof,
    async post(path, fields, key, options = {}) {
      const response = await app.inject({
        method: "POST",
        url: path,
        remoteAddress: options.address ?? "192.0.2.1",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          ...(key === undefined ? {} : { dpop: proof(key, "POST", path, options) }),
        },
        payload: new URLSearchParams(fields).toString(),
      });
      return toAnswer(response);
    },
    async call(method, path, key, accessToken, options = {}) {
      const response = await app.inject({
        method,
        url: path,
        headers: {
          authorization: `DPoP ${accessToken}`,
          dpop: proof(key, method, path, { accessToken, ...options }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { payload: options.body as object }),
      });
      return toAnswer(response);
    },
  };
}

export const nodeForm = {
  client_id: "jitnode-node",
  scope: "node",
  node_name: "builder",
  node_version: "0.1.0",
  node_os: "linux",
} as const;

export type Started = { readonly deviceCode: string; readonly userCode: string; readonly number: string };

export async function startDevice(
  server: Server,
  fields: Readonly<Record<string, string>>,
  key?: KeyPair,
): Promise<Started> {
  const { status, body } = await server.post("/oauth/device_authorization", fields, key);
  if (status !== 200) throw new Error(`device authorization: ${JSON.stringify(body)}`);
  return {
    deviceCode: String(body["device_code"]),
    userCode: String(body["user_code"]),
    number: String(body["number"]),
  };
}

export const poll = (
  server: Server,
  client: "jitnode-node" | "jitnode-cli",
  deviceCode: string,
  key?: KeyPair,
  options?: ProofOptions,
): Promise<Answer> =>
  server.post(
    "/oauth/token",
    { grant_type: grantTypes.deviceCode, client_id: client, device_code: deviceCode },
    key,
    options,
  );

/** As the page does it, and the activation service for nodes: here only the row's decision, and the node's own row. */
export async function approve(
  { context }: Server,
  started: Started,
  by: AccountId,
  state: "approved" | "denied" = "approved",
): Promise<void> {
  const lookup = context.secrets.lookup("user_code", started.userCode.replace("-", ""));
  await context.store.transaction(async (tx) => {
    const row = await findByUserCode(tx, lookup);
    if (row === undefined) throw new Error("no such request");
    await decide(tx, row.id, { state, at: context.clock.now(), by });
  });
}

export async function knowNode({ context }: Server, key: KeyPair): Promise<string> {
  const id = nodeIdOf(key.thumbprint);
  await context.store.transaction((tx) =>
    insertNode(tx, {
      id,
      thumbprint: key.thumbprint,
      public_jwk: JSON.stringify(key.publicJwk),
      name: "builder",
      version: "0.1.0",
      os: "linux",
      created_at: context.clock.now(),
    }),
  );
  return id;
}

export type Tokens = { readonly key: KeyPair; readonly accessToken: string; readonly refreshToken: string };

/** A signed-in terminal. */
export async function signIn(server: Server, accountId: AccountId, scope = "people"): Promise<Tokens> {
  const key = generateKeyPair();
  const started = await startDevice(server, { client_id: "jitnode-cli", scope });
  await approve(server, started, accountId);
  const { status, body } = await poll(server, "jitnode-cli", started.deviceCode, key);
  if (status !== 200) throw new Error(`redemption: ${JSON.stringify(body)}`);
  return { key, accessToken: String(body["access_token"]), refreshToken: String(body["refresh_token"]) };
}

export const refresh = (
  server: Server,
  refreshToken: string,
  key: KeyPair,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  server.post(
    "/oauth/token",
    { grant_type: "refresh_token", client_id: "jitnode-cli", refresh_token: refreshToken, ...more },
    key,
  );

export type AssertionChange = {
  readonly header?: object;
  readonly claims?: object;
  readonly signWith?: KeyObject;
};

/** A client assertion with whatever is wrong about it. */
export function bentAssertion(
  key: KeyPair,
  nodeId: string,
  issuer: string,
  now: number,
  change: AssertionChange,
): string {
  const issuedAt = Math.floor(now / 1000);
  return bentJws(
    { alg: "Ed25519", typ: "client-authentication+jwt", kid: key.thumbprint, ...change.header },
    { iss: nodeId, sub: nodeId, aud: issuer, jti: randomUUID(), iat: issuedAt, exp: issuedAt + 60, ...change.claims },
    change.signWith ?? key.privateKey,
  );
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Members that are undefined are left out. */
export function bentJws(header: object, claims: object, key: KeyObject): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const algorithm = key.asymmetricKeyType === "ec" ? "sha256" : null;
  const signature = sign(algorithm, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

export async function authenticate(
  server: Server,
  key: KeyPair,
  nodeId: string,
  assertion?: string,
  options?: ProofOptions,
): Promise<Answer> {
  const { context } = server;
  return server.post(
    "/oauth/token",
    {
      grant_type: "client_credentials",
      client_assertion_type: jwtBearerAssertion,
      client_assertion:
        assertion ??
        signClientAssertion(key, {
          clientId: nodeId,
          issuer: context.config.publicUrl,
          issuedAt: Math.floor(context.clock.now() / 1000),
          jti: randomUUID(),
        }),
    },
    key,
    options,
  );
}

/** An ES256 key as other clients have them. */
export function generateEcKey(): { readonly privateKey: KeyObject; readonly jwk: Record<string, unknown> } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey, jwk: publicKey.export({ format: "jwk" }) as Record<string, unknown> };
}
