// The daemon's local API as the command line uses it: one call a method, answers narrowed by the schemas of
// protocol/local, problems turned into errors of the registry.

import {
  sendLocal,
  streamLocal,
  type LocalAnswer,
  type LocalFailure,
  type LocalRequest,
} from "../platform/local-http.js";
import { JitnodeError } from "../protocol/errors.js";
import {
  activationAnswer,
  liveAnswer,
  localEvent,
  localHost,
  readyAnswer,
  releaseAnswer,
  status,
  type ActivationAnswer,
  type Status,
} from "../protocol/local.js";
import { asJson } from "../protocol/parse.js";
import { fromProblem, problem } from "../protocol/problem.js";
import { Type, type Static, type TSchema } from "../protocol/schema.js";

export interface Health {
  readonly ok: boolean;
  readonly detail: string | undefined;
}

export interface DaemonClient {
  status(): Promise<Status>;
  /** The status now and after every change; ends when the daemon does. */
  events(): AsyncIterable<Status>;
  /** Message 1 of DESIGN section 3: the pending request, or a new one. */
  startActivation(server: string | undefined): Promise<ActivationAnswer>;
  /** Message 6: the daemon asks the control plane at once; for how it went, ask for the status, also after a failure. */
  checkActivation(): Promise<void>;
  releaseBinding(): Promise<Static<typeof releaseAnswer>>;
  live(): Promise<Health>;
  ready(): Promise<Health>;
}

export interface DaemonClientOptions {
  /** Where the daemon may listen, the likeliest first. */
  readonly sockets: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

type Call = Pick<LocalRequest, "method" | "path" | "body" | "timeout">;

export function createDaemonClient({ sockets, signal }: DaemonClientOptions): DaemonClient {
  /** Asks each socket in turn until somebody listens. Only a refusal to connect leads on: nothing is sent twice. */
  async function reach<A extends { readonly kind: string }>(
    call: Call,
    send: (request: LocalRequest) => Promise<A | LocalFailure>,
  ): Promise<A> {
    let forbidden: string | undefined;
    for (const socket of sockets) {
      const answer = await send({ socket, host: localHost, signal, ...call });
      if (!isFailure(answer)) return answer;
      if (answer.reason === "forbidden") forbidden ??= socket;
      else if (answer.reason !== "absent") throw failed(answer, socket);
    }
    if (forbidden !== undefined) {
      throw new JitnodeError("socket_forbidden", { message: `You may not use the daemon's socket ${forbidden}.` });
    }
    throw new JitnodeError("daemon_unreachable", {
      message: `No daemon answers on ${sockets.join(" or ")}.`,
    });
  }

  async function ask<T extends TSchema>(schema: T, call: Call): Promise<Static<T>> {
    const answer = await reach<LocalAnswer>(call, sendLocal);
    return narrow(schema, answer);
  }

  async function askHealth(path: string): Promise<Health> {
    const answer = await reach<LocalAnswer>({ method: "GET", path }, sendLocal);
    const live = asJson(liveAnswer, answer.body);
    if (live !== undefined) return { ok: live.live, detail: live.detail };
    const ready = asJson(readyAnswer, answer.body);
    if (ready !== undefined) return { ok: ready.ready, detail: ready.detail };
    throw problemOf(answer);
  }

  async function* events(): AsyncGenerator<Status> {
    const answer = await reach({ method: "GET", path: "/v1/events" }, streamLocal);
    if (answer.kind === "answer") throw problemOf(answer);
    try {
      for await (const line of answer.lines) {
        const event = asJson(localEvent, line);
        // Events of a newer daemon are skipped: shapes grow.
        if (event !== undefined) yield event.status;
      }
    } catch (cause) {
      if (signal?.aborted === true) throw new JitnodeError("interrupted");
      throw new JitnodeError("daemon_unreachable", { message: "The daemon closed the connection.", cause });
    }
  }

  return {
    status: () => ask(status, { method: "GET", path: "/v1/status" }),
    events,
    startActivation: (server) =>
      ask(activationAnswer, {
        method: "POST",
        path: "/v1/activation",
        body: JSON.stringify(server === undefined ? {} : { server }),
        // The daemon asks its control plane before it answers.
        timeout: 60_000,
      }),
    checkActivation: async () => {
      await ask(Type.Unknown(), { method: "POST", path: "/v1/activation/check", timeout: 5_000 });
    },
    releaseBinding: () => ask(releaseAnswer, { method: "DELETE", path: "/v1/binding", timeout: 60_000 }),
    live: () => askHealth("/v1/health/live"),
    ready: () => askHealth("/v1/health/ready"),
  };
}

const isFailure = (answer: { readonly kind: string }): answer is LocalFailure => answer.kind === "failure";

function failed(answer: LocalFailure, socket: string): JitnodeError {
  if (answer.reason === "aborted") return new JitnodeError("interrupted");
  const how = {
    absent: "does not answer",
    forbidden: "may not be used",
    broken: "closed the connection",
    timeout: "did not answer in time",
    too_large: "answered more than a daemon ever would",
  }[answer.reason];
  return new JitnodeError("daemon_unreachable", { message: `The daemon on ${socket} ${how}.` });
}

function narrow<T extends TSchema>(schema: T, answer: LocalAnswer): Static<T> {
  if (answer.status < 200 || answer.status > 299) throw problemOf(answer);
  const value = answer.body === "" ? asJson(schema, "null") : asJson(schema, answer.body);
  if (value === undefined) throw unexpected();
  return value;
}

function problemOf(answer: LocalAnswer): JitnodeError {
  const known = asJson(problem, answer.body);
  return known === undefined ? unexpected() : fromProblem(known);
}

const unexpected = (): JitnodeError =>
  new JitnodeError("daemon_unreachable", {
    message: "Something answers on the daemon's socket that is not a jitnoded this command understands.",
    hint: "Check JITNODE_SOCKET, and that jitnode and jitnoded are of the same version.",
  });
