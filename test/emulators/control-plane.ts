// A small control plane for tests of its clients, written from the protocol alone: it imports nothing of src. It keeps
// everything in memory, checks proofs and nonces, and misbehaves on request.
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export type Misbehaviour =
  | "html"
  | "error"
  | "huge"
  | "garbage"
  | "reset"
  /** Does what was asked, then breaks the connection instead of answering. */
  | "lost"
  /** Never answers. */
  | "silent";

export type FakeRequest = { readonly method: string; readonly path: string; readonly form: URLSearchParams };

type Grant = {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly number: string;
  readonly thumbprint: string;
  readonly form: URLSearchParams;
  readonly expiresAt: number;
  state: "pending" | "approved" | "denied" | "revoked";
  polls: number;
};

type FakeBinding = {
  readonly binding_id: string;
  readonly organization: { readonly id: string; readonly name: string };
  readonly bound_at: string;
  readonly replaces?: string;
};
type Ended = { readonly binding_id: string; readonly at: string; readonly by: "administrator" | "operator" };
type FakeNode = { jwk: Record<string, unknown>; id?: string; binding?: FakeBinding; ended?: Ended };

export type FakeControlPlane = {
  readonly url: string;
  readonly requests: FakeRequest[];
  readonly grants: Grant[];
  readonly heartbeats: Record<string, unknown>[];
  /** What to do instead of answering; asked for each request. */
  misbehave: (request: FakeRequest) => Misbehaviour | undefined;
  /** Changes the metadata. */
  metadata: (document: Record<string, unknown>) => Record<string, unknown>;
  /** Changes the device answer. */
  deviceAnswer: (answer: Record<string, unknown>) => Record<string, unknown>;
  /** Changes any answer of GET /v1/node/binding and of the event stream. */
  bindingAnswer: (answer: Record<string, unknown>) => Record<string, unknown>;
  controlPlaneId: string;
  /** Its clock minus this machine's, in milliseconds. */
  clockOffset: number;
  /** Seconds. */
  deviceCodeLife: number;
  interval: number;
  accessTokenLife: number;
  slowDown: boolean;
  possibleCopy: boolean;
  /** Knows no keys and no bindings any more, as an empty one at the same address. */
  forget: () => void;
  readonly approve: (userCode?: string, organization?: { id: string; name: string }) => FakeBinding;
  readonly deny: () => void;
  /** An administrator unbinds the only node. */
  readonly unbind: () => void;
  /** Gives the only node another binding. */
  readonly rebind: (binding: FakeBinding) => void;
  readonly binding: () => FakeBinding | undefined;
  readonly streams: () => number;
  readonly closeStreams: () => void;
  readonly ping: () => void;
  /** Stops listening and breaks what is open; `listen` begins again at the same port. */
  readonly stop: () => Promise<void>;
  readonly listen: () => Promise<void>;
};

const letters = "BCDFGHJKLMNPQRSTVWXZ";
const pick = (count: number): string => [...randomBytes(count)].map((byte) => letters[byte % 20]).join("");
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
export const bindingId = (): string => `JB_${[...randomBytes(16)].map((byte) => base58[byte % 58]).join("")}`;

type Jwt = {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  readonly valid: (jwk: object) => boolean;
};

function decode(jwt: string): Jwt | undefined {
  const [head, body, signature] = jwt.split(".");
  if (head === undefined || body === undefined || signature === undefined) return undefined;
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
  const signed = Buffer.from(`${head}.${body}`);
  return {
    header: read(head),
    claims: read(body),
    valid: (jwk) =>
      verify(null, signed, createPublicKey({ key: jwk as never, format: "jwk" }), Buffer.from(signature, "base64url")),
  };
}

const thumbprintOf = (jwk: Record<string, unknown>): string =>
  createHash("sha256")
    .update(JSON.stringify({ crv: jwk["crv"], kty: jwk["kty"], x: jwk["x"] }))
    .digest("base64url");

class Refusal {
  readonly status: number;
  readonly error: string;
  readonly headers: Record<string, string>;
  constructor(status: number, error: string, headers: Record<string, string> = {}) {
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

export async function startFakeControlPlane(): Promise<FakeControlPlane> {
  const nodes = new Map<string, FakeNode>();
  const tokens = new Map<string, string>();
  const streams = new Map<ServerResponse, FakeNode>();
  const nonce = "nonce-1";
  let server: Server | undefined;
  let port = 0;

  const now = (): number => Date.now() + fake.clockOffset;
  const only = (): FakeNode => {
    const [node] = nodes.values();
    if (node === undefined) throw new Error("no node is known here");
    return node;
  };

  const fake: FakeControlPlane = {
    url: "",
    requests: [],
    grants: [],
    heartbeats: [],
    misbehave: () => undefined,
    metadata: (document) => document,
    deviceAnswer: (answer) => answer,
    bindingAnswer: (answer) => answer,
    controlPlaneId: randomBytes(16).toString("hex"),
    clockOffset: 0,
    deviceCodeLife: 600,
    interval: 1,
    accessTokenLife: 600,
    slowDown: false,
    possibleCopy: false,
    forget: () => {
      nodes.clear();
      tokens.clear();
    },
    approve(userCode, organization = { id: "acme", name: "Acme" }) {
      const grant = fake.grants.findLast((one) => userCode === undefined || one.userCode === userCode);
      if (grant?.state !== "pending") throw new Error("no such pending request");
      grant.state = "approved";
      const node = nodes.get(grant.thumbprint) ?? only();
      node.binding = { binding_id: bindingId(), organization, bound_at: new Date(now()).toISOString() };
      delete node.ended;
      return node.binding;
    },
    deny() {
      const grant = fake.grants.at(-1);
      if (grant !== undefined) grant.state = "denied";
    },
    unbind: () => end(only(), "administrator"),
    rebind(binding) {
      only().binding = binding;
      push(only());
    },
    binding: () => [...nodes.values()][0]?.binding,
    streams: () => streams.size,
    closeStreams: () => {
      for (const stream of streams.keys()) stream.end();
    },
    ping: () => {
      for (const stream of streams.keys()) {
        stream.write(`${JSON.stringify({ type: "ping", at: new Date(now()).toISOString() })}\n`);
      }
    },
    async stop() {
      const stopping = server;
      if (stopping === undefined) return;
      server = undefined;
      await new Promise<void>((resolve) => {
        stopping.close(() => resolve());
        stopping.closeAllConnections();
      });
    },
    async listen() {
      const starting = createServer((request, response) => {
        void serve(request, response).catch((error: unknown) => response.destroy(error as Error));
      });
      await new Promise<void>((resolve, reject) => {
        starting.once("error", reject);
        starting.listen(port, "127.0.0.1", resolve);
      });
      const address = starting.address();
      if (address === null || typeof address === "string") throw new Error("listens on TCP");
      port = address.port;
      server = starting;
    },
  };

  function end(node: FakeNode, by: Ended["by"]): void {
    if (node.binding === undefined) return;
    node.ended = { binding_id: node.binding.binding_id, at: new Date(now()).toISOString(), by };
    delete node.binding;
    push(node);
  }

  const describe = (node: FakeNode): Record<string, unknown> =>
    fake.bindingAnswer({
      state: node.binding === undefined ? "unbound" : "bound",
      node_id: node.id,
      control_plane_id: fake.controlPlaneId,
      ...(node.binding ?? node.ended),
    });

  function push(node: FakeNode): void {
    for (const [stream, owner] of streams) {
      if (owner === node) stream.write(`${JSON.stringify({ type: "binding", binding: describe(node) })}\n`);
    }
  }

  /** RFC 9449: the proof's key, or a refusal. */
  function check(request: IncomingMessage, needsNonce: boolean, token?: string): Record<string, unknown> {
    const proof = decode(String(request.headers["dpop"] ?? ""));
    const refuse = (): never => {
      throw new Refusal(
        token === undefined ? 400 : 401,
        token === undefined ? "invalid_dpop_proof" : "dpop_proof_invalid",
      );
    };
    if (proof === undefined) return refuse();
    const jwk = proof.header["jwk"] as Record<string, unknown>;
    const { htm, htu, iat, ath } = proof.claims;
    if (proof.header["typ"] !== "dpop+jwt" || "d" in jwk || !proof.valid(jwk)) return refuse();
    if (htm !== request.method || htu !== `${fake.url}${request.url ?? ""}`) return refuse();
    if (token !== undefined && ath !== createHash("sha256").update(token).digest("base64url")) return refuse();
    if (proof.claims["nonce"] === nonce) return jwk;
    if (needsNonce) {
      const error = token === undefined ? "use_dpop_nonce" : "dpop_nonce_required";
      throw new Refusal(token === undefined ? 400 : 401, error, { "dpop-nonce": nonce });
    }
    return Math.abs(Number(iat) * 1000 - now()) > 60_000 ? refuse() : jwk;
  }

  function authenticated(request: IncomingMessage): FakeNode {
    const token = /^DPoP (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const owner = tokens.get(token);
    if (owner === undefined) throw new Refusal(401, "sign_in_needed");
    const jwk = check(request, true, token);
    const node = nodes.get(owner);
    if (node === undefined || thumbprintOf(jwk) !== owner) throw new Refusal(401, "node_unknown");
    return node;
  }

  function tokenFor(thumbprint: string, more: Record<string, unknown> = {}): Record<string, unknown> {
    const token = randomBytes(24).toString("base64url");
    tokens.set(token, thumbprint);
    return { access_token: token, token_type: "DPoP", expires_in: fake.accessTokenLife, scope: "node", ...more };
  }

  function deviceAuthorization(request: IncomingMessage, form: URLSearchParams): Record<string, unknown> {
    const jwk = check(request, false);
    const thumbprint = thumbprintOf(jwk);
    if (!nodes.has(thumbprint)) nodes.set(thumbprint, { jwk });
    const code = pick(8);
    const grant: Grant = {
      deviceCode: randomBytes(32).toString("base64url"),
      userCode: `${code.slice(0, 4)}-${code.slice(4)}`,
      number: "42",
      thumbprint,
      form,
      expiresAt: now() + fake.deviceCodeLife * 1000,
      state: "pending",
      polls: 0,
    };
    fake.grants.push(grant);
    return fake.deviceAnswer({
      device_code: grant.deviceCode,
      user_code: grant.userCode,
      number: grant.number,
      verification_uri: `${fake.url}/activate`,
      verification_uri_complete: `${fake.url}/activate?code=${grant.userCode}`,
      expires_in: fake.deviceCodeLife,
      interval: fake.interval,
    });
  }

  function token(request: IncomingMessage, form: URLSearchParams): Record<string, unknown> {
    if (form.get("grant_type") === "client_credentials") {
      const assertion = decode(form.get("client_assertion") ?? "");
      const thumbprint = String(assertion?.header["kid"]);
      const node = nodes.get(thumbprint);
      if (node === undefined || assertion?.valid(node.jwk) !== true) throw new Refusal(401, "invalid_client");
      const { aud, exp, iss } = assertion.claims;
      if (aud !== fake.url || Math.abs(Number(exp) * 1000 - now()) > 120_000) throw new Refusal(401, "invalid_client");
      check(request, true);
      node.id = String(iss);
      return tokenFor(thumbprint);
    }
    const grant = fake.grants.find((one) => one.deviceCode === form.get("device_code"));
    if (grant === undefined || grant.state === "revoked") throw new Refusal(400, "invalid_grant");
    grant.polls++;
    if (grant.state === "denied") throw new Refusal(400, "access_denied");
    if (grant.state === "pending" && now() > grant.expiresAt) throw new Refusal(400, "expired_token");
    if (grant.state === "pending") throw new Refusal(400, fake.slowDown ? "slow_down" : "authorization_pending");
    check(request, true);
    return tokenFor(grant.thumbprint);
  }

  function route(request: IncomingMessage, form: URLSearchParams, body: string): unknown {
    switch (`${request.method} ${request.url}`) {
      case "GET /.well-known/oauth-authorization-server":
        return fake.metadata({
          issuer: fake.url,
          token_endpoint: `${fake.url}/oauth/token`,
          device_authorization_endpoint: `${fake.url}/oauth/device_authorization`,
          revocation_endpoint: `${fake.url}/oauth/revoke`,
          jwks_uri: `${fake.url}/oauth/jwks`,
        });
      case "POST /oauth/device_authorization":
        return deviceAuthorization(request, form);
      case "POST /oauth/token":
        return token(request, form);
      case "POST /oauth/revoke": {
        check(request, false);
        const grant = fake.grants.find((one) => one.deviceCode === form.get("token"));
        if (grant?.state === "pending") grant.state = "revoked";
        return undefined;
      }
      case "GET /v1/node/binding":
        return describe(authenticated(request));
      case "POST /v1/node/unbind": {
        const node = authenticated(request);
        const asked = (JSON.parse(body) as { binding_id?: string }).binding_id;
        if (node.binding?.binding_id === asked) end(node, "operator");
        return undefined;
      }
      case "POST /v1/node/heartbeat": {
        const node = authenticated(request);
        const heartbeat = decode((JSON.parse(body) as { heartbeat: string }).heartbeat);
        if (heartbeat?.valid(node.jwk) !== true) throw new Refusal(400, "invalid_request");
        fake.heartbeats.push(heartbeat.claims);
        return { received_at: new Date(now()).toISOString(), possible_copy: fake.possibleCopy };
      }
      default:
        throw new Refusal(404, "not_found");
    }
  }

  function stream(request: IncomingMessage, response: ServerResponse): void {
    const node = authenticated(request);
    response.writeHead(200, { "content-type": "application/x-ndjson", date: new Date(now()).toUTCString() });
    streams.set(response, node);
    response.on("close", () => streams.delete(response));
    response.write(`${JSON.stringify({ type: "binding", binding: describe(node) })}\n`);
  }

  function refuse(request: IncomingMessage, response: ServerResponse, { status, error, headers }: Refusal): void {
    const isOAuth = request.url?.startsWith("/oauth/") === true;
    const problem = { type: "about:blank", title: error, status, detail: error, code: error, hint: error };
    response.writeHead(status, {
      "content-type": isOAuth ? "application/json" : "application/problem+json",
      date: new Date(now()).toUTCString(),
      ...headers,
    });
    response.end(JSON.stringify(isOAuth ? { error } : problem));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const part of request) body += String(part);
    const seen = { method: request.method ?? "", path: request.url ?? "", form: new URLSearchParams(body) };
    fake.requests.push(seen);
    const instead = fake.misbehave(seen);
    switch (instead) {
      case "silent":
        return;
      case "reset":
        return void response.destroy();
      case "html":
        return void response.writeHead(200, { "content-type": "text/html" }).end("<html><title>Sign in</title></html>");
      case "error":
        return void response.writeHead(500, { "content-type": "text/plain" }).end("oops");
      case "garbage":
        return void response.writeHead(200, { "content-type": "application/json" }).end('{"access_token": 1, "issuer"');
      case "huge":
        return void response.writeHead(200, { "content-type": "application/json" }).end(`"${"x".repeat(10_000_000)}"`);
      default:
    }
    try {
      if (seen.path === "/v1/node/events") return stream(request, response);
      const answer = route(request, seen.form, body);
      if (instead === "lost") return void response.destroy();
      const headers = { date: new Date(now()).toUTCString(), "dpop-nonce": nonce };
      if (answer === undefined) return void response.writeHead(204, headers).end();
      response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (instead === "lost") return void response.destroy();
      refuse(request, response, error);
    }
  }

  await fake.listen();
  return Object.assign(fake, { url: `http://127.0.0.1:${port}` });
}
