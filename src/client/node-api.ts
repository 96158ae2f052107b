// The control plane's API as a node uses it: tokens by its key (private_key_jwt), binding, unbind, heartbeat, events.

import type { NodeId } from "../domain/ids.js";
import type { KeyPair } from "../identity/keys.js";
import { signClientAssertion, signHeartbeat } from "../identity/proofs.js";
import type { Clock } from "../platform/clock.js";
import type { Random } from "../platform/random.js";
import { JitnodeError } from "../protocol/errors.js";
import {
  heartbeatAnswer,
  nodeBinding,
  nodeEvent,
  nodeStreamTimes,
  type HeartbeatClaims,
  type NodeBinding,
  type NodeEvent,
} from "../protocol/nodes.js";
import { tokenAnswer } from "../protocol/oauth.js";
import { asJson } from "../protocol/parse.js";
import type { Static } from "../protocol/schema.js";
import { grantTypes, jwtBearerAssertion, scopes } from "../protocol/versions.js";
import type { ApiAnswer, Problem } from "./control-answers.js";
import { nothing, type CallOptions, type ControlTransport, type Failure, type Ok } from "./control-transport.js";

/** The control plane answered and does not take this node's key, token or request: never the end of a binding. */
export interface Rejected {
  readonly kind: "rejected";
  readonly error: JitnodeError;
}

export type NodeAnswer<T> = Ok<T> | Rejected | Failure;

/** `events` ends (returns) when the control plane closes, which it does at the token's expiry. */
export interface EventStream {
  readonly kind: "stream";
  /** Throws a JitnodeError when the stream breaks, is silent for 60 s, or sends what is no event. */
  readonly events: AsyncIterable<NodeEvent>;
}

export interface NodeApi {
  readonly issuer: string;
  binding(call?: CallOptions): Promise<NodeAnswer<NodeBinding>>;
  /** Also succeeds when the binding is gone already. */
  unbind(bindingId: string, call?: CallOptions): Promise<NodeAnswer<null>>;
  heartbeat(claims: HeartbeatClaims, call?: CallOptions): Promise<NodeAnswer<Static<typeof heartbeatAnswer>>>;
  events(call?: CallOptions): Promise<EventStream | Rejected | Failure>;
  clockOffset(): number | undefined;
}

export interface NodeApiOptions {
  readonly transport: ControlTransport;
  readonly key: KeyPair;
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly random: Random;
}

interface HeldToken {
  readonly value: string;
  readonly until: number;
}

/** A token is not used in the last part of its life, so that it does not expire on the way. */
const usablePart = 0.9;

export function createNodeApi({ transport, key, nodeId, clock, random }: NodeApiOptions): NodeApi {
  let held: HeldToken | undefined;

  async function fetchToken(call: CallOptions): Promise<Ok<string> | Rejected | Failure> {
    const form = (issuedAt: number) => ({
      grant_type: grantTypes.clientCredentials,
      client_id: nodeId,
      scope: scopes.node,
      client_assertion_type: jwtBearerAssertion,
      client_assertion: signClientAssertion(key, {
        clientId: nodeId,
        issuer: transport.issuer,
        issuedAt,
        jti: random.token(16),
      }),
    });
    const asked = clock.now();
    const answer = await transport.oauth("token", form, { ...call, schema: tokenAnswer });
    switch (answer.kind) {
      case "failure":
        return answer;
      case "oauth-error":
        return refusal(answer.error, answer.description);
      case "ok": {
        // RFC 9449 section 5: a token that is not bound to the key is not what was asked for.
        if (answer.body.token_type !== "DPoP") return refusal("token_type", answer.body.token_type);
        held = { value: answer.body.access_token, until: asked + answer.body.expires_in * 1000 * usablePart };
        return { kind: "ok", body: held.value };
      }
    }
  }

  /** With a token; a token that is refused is replaced once, since signing keys and databases come and go. */
  async function withToken<R extends { readonly kind: string }>(
    call: CallOptions,
    ask: (accessToken: string) => Promise<R | Problem>,
  ): Promise<Exclude<R, Problem> | Rejected | Failure> {
    for (let attempt = 0; ; attempt++) {
      const kept = held !== undefined && clock.now() < held.until ? held.value : undefined;
      const token = kept === undefined ? await fetchToken(call) : ({ kind: "ok", body: kept } as const);
      if (token.kind !== "ok") return token;
      const answer = await ask(token.body);
      if (answer.kind !== "problem") return answer as Exclude<R, Problem>;
      const { error, status } = answer as Problem;
      if (status === 401) held = undefined;
      // Trouble of its own says nothing about this node.
      if (status >= 500 || status === 429) return { kind: "failure", error };
      if (status !== 401 || kept === undefined || attempt > 0) return { kind: "rejected", error };
    }
  }

  const api = <T>(call: CallOptions, ask: (accessToken: string) => Promise<ApiAnswer<T>>): Promise<NodeAnswer<T>> =>
    withToken<ApiAnswer<T>>(call, ask);

  return {
    issuer: transport.issuer,
    binding: (call = {}) =>
      api(call, (accessToken) =>
        transport.api("GET", "/v1/node/binding", { ...call, accessToken, schema: nodeBinding }),
      ),
    unbind: (bindingId, call = {}) =>
      api(call, (accessToken) =>
        transport.api("POST", "/v1/node/unbind", {
          ...call,
          accessToken,
          body: { binding_id: bindingId },
          schema: nothing,
        }),
      ),
    heartbeat: (claims, call = {}) =>
      api(call, (accessToken) =>
        transport.api("POST", "/v1/node/heartbeat", {
          ...call,
          accessToken,
          body: { heartbeat: signHeartbeat(key, claims) },
          schema: heartbeatAnswer,
        }),
      ),
    async events(call = {}) {
      const connection = new AbortController();
      const cut = (): void => connection.abort();
      if (call.signal?.aborted === true) cut();
      call.signal?.addEventListener("abort", cut, { once: true });
      const close = (): void => {
        call.signal?.removeEventListener("abort", cut);
        cut();
      };
      const answer = await withToken(call, (accessToken) =>
        transport.stream("/v1/node/events", { ...call, accessToken, signal: connection.signal }),
      );
      if (answer.kind === "stream") return { kind: "stream", events: readEvents(answer.lines, clock, close) };
      close();
      return answer;
    },
    clockOffset: transport.clockOffset,
  };
}

/** RFC 6749 section 5.2: only `invalid_client` says that the key is not known there. */
function refusal(error: string, description: string | undefined): Rejected | Failure {
  const log = { error, description };
  if (error === "invalid_client") return { kind: "rejected", error: new JitnodeError("node_unknown", { log }) };
  return { kind: "failure", error: new JitnodeError("control_plane_error", { log }) };
}

/** Narrows the lines, and cuts a stream on which nothing came for a minute. `close` frees the connection. */
async function* readEvents(lines: AsyncIterable<string>, clock: Clock, close: () => void): AsyncGenerator<NodeEvent> {
  let heard = new AbortController();
  const listen = (): void => {
    heard.abort();
    const current = new AbortController();
    heard = current;
    void clock.sleep(nodeStreamTimes.deadAfter, current.signal).then(() => {
      if (!current.signal.aborted) close();
    });
  };
  try {
    listen();
    for await (const line of lines) {
      listen();
      const event = asJson(nodeEvent, line);
      if (event === undefined) throw new JitnodeError("control_plane_unexpected");
      yield event;
    }
  } catch (cause) {
    if (cause instanceof JitnodeError) throw cause;
    throw new JitnodeError("control_plane_unreachable", {
      message: "The connection to the control plane broke.",
      cause,
    });
  } finally {
    heard.abort();
    close();
  }
}
