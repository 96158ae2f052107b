// The people's API as the command line uses it: one operation a method. An answer that was lost is asked for again with
// the same bytes and the same Idempotency-Key, so nothing happens twice (DESIGN section 4, "Repeats").

import type { Clock } from "../platform/clock.js";
import type { Random } from "../platform/random.js";
import { JitnodeError } from "../protocol/errors.js";
import {
  activation,
  agreement,
  approvalAnswer,
  bindingCodeAnswer,
  decisionAnswer,
  me,
  memberList,
  organization,
  organizationList,
  organizationNode,
  organizationNodeList,
  removalAnswer,
  type Activation,
  type Agreement,
  type ApprovalAnswer,
  type ApprovalRequest,
  type BindingCodeAnswer,
  type CreateOrganizationRequest,
  type JoinRequest,
  type Me,
  type Member,
  type Organization,
  type OrganizationNode,
} from "../protocol/people.js";
import { Type, type Static, type TSchema } from "../protocol/schema.js";
import type { Session } from "./sessions.js";

export interface PeopleClient {
  readonly issuer: string;
  me(): Promise<Me>;
  agreement(): Promise<Agreement>;
  activation(userCode: string): Promise<Activation>;
  approve(userCode: string, request: ApprovalRequest): Promise<ApprovalAnswer>;
  deny(userCode: string): Promise<void>;
  organizations(): Promise<readonly Organization[]>;
  organization(id: string): Promise<Organization>;
  createOrganization(request: CreateOrganizationRequest): Promise<Organization>;
  joinOrganization(request: JoinRequest): Promise<Organization>;
  bindingCode(org: string): Promise<BindingCodeAnswer>;
  refreshBindingCode(org: string): Promise<BindingCodeAnswer>;
  members(org: string): Promise<readonly Member[]>;
  /** Whether the binding code was refreshed with it; false also when that person was no member any more. */
  removeMember(org: string, accountId: string): Promise<boolean>;
  nodes(org: string): Promise<readonly OrganizationNode[]>;
  node(org: string, nodeId: string): Promise<OrganizationNode>;
  unbindNode(org: string, nodeId: string): Promise<void>;
}

export interface PeopleClientOptions {
  readonly session: Session;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

interface Call<T extends TSchema> {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly schema: T;
  readonly body?: unknown;
}

const attempts = 4;
const pause = 300;
/** Told by the control plane itself, and worth the same request again. */
const passing = new Set(["request_in_progress", "unavailable", "internal_error"]);
/** A lost or broken answer; what answered properly but is no control plane is not asked again. */
const lost = new Set(["control_plane_unreachable", "control_plane_error"]);
const emptyBody = Type.Null();

export function createPeopleClient({ session, clock, random, signal }: PeopleClientOptions): PeopleClient {
  async function send<T extends TSchema>(call: Call<T>): Promise<Static<T>> {
    const idempotencyKey = call.method === "POST" ? random.token(24) : undefined;
    let renewed = false;
    let accessToken = await session.accessToken();
    for (let attempt = 1; ;) {
      const answer = await session.transport.api(call.method, call.path, {
        schema: call.schema,
        accessToken,
        idempotencyKey,
        signal,
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      if (answer.kind === "ok") return answer.body;
      const { error } = answer;
      if (answer.kind === "problem" && answer.status === 401 && !renewed && isAboutSession(error)) {
        renewed = true;
        accessToken = await session.accessToken(accessToken);
        continue;
      }
      const again = answer.kind === "problem" ? passing.has(error.code) : lost.has(error.code);
      if (!again || attempt === attempts || signal?.aborted === true) throw error;
      await clock.sleep(pause * attempt, signal);
      attempt += 1;
    }
  }

  const get = <T extends TSchema>(path: string, schema: T): Promise<Static<T>> => send({ method: "GET", path, schema });
  const post = <T extends TSchema>(path: string, schema: T, body: unknown): Promise<Static<T>> =>
    send({ method: "POST", path, schema, body });

  async function all<T>(
    path: string,
    page: (path: string) => Promise<{ readonly items: T[]; readonly next?: string }>,
  ) {
    const items: T[] = [];
    for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
      const answer = await page(after === undefined ? path : `${path}?after=${encodeURIComponent(after)}`);
      items.push(...answer.items);
      // A server that names the same page again would keep us here for ever.
      if (answer.next === after && after !== undefined) throw new JitnodeError("control_plane_unexpected");
      after = answer.next;
    }
    return items;
  }

  const orgPath = (org: string, rest = ""): string => `/v1/orgs/${encodeURIComponent(org)}${rest}`;
  const activationPath = (code: string, rest = ""): string => `/v1/activations/${encodeURIComponent(code)}${rest}`;

  return {
    issuer: session.issuer,
    me: () => get("/v1/me", me),
    agreement: () => get("/v1/agreement", agreement),
    activation: (code) => get(activationPath(code), activation),
    approve: (code, request) => post(activationPath(code, "/approval"), approvalAnswer, request),
    deny: async (code) => void (await post(activationPath(code, "/denial"), decisionAnswer, {})),
    organizations: () => all("/v1/orgs", (path) => get(path, organizationList)),
    organization: (id) => get(orgPath(id), organization),
    createOrganization: (request) => post("/v1/orgs", organization, request),
    joinOrganization: (request) => post("/v1/orgs/join", organization, request),
    bindingCode: (org) => get(orgPath(org, "/binding-code"), bindingCodeAnswer),
    refreshBindingCode: (org) => post(orgPath(org, "/binding-code/refresh"), bindingCodeAnswer, {}),
    members: (org) => all(orgPath(org, "/members"), (path) => get(path, memberList)),
    async removeMember(org, account) {
      const path = orgPath(org, `/members/${encodeURIComponent(account)}`);
      const answer = await send({ method: "DELETE", path, schema: Type.Union([removalAnswer, emptyBody]) });
      return answer?.binding_code_refreshed ?? false;
    },
    nodes: (org) => all(orgPath(org, "/nodes"), (path) => get(path, organizationNodeList)),
    node: (org, id) => get(orgPath(org, `/nodes/${encodeURIComponent(id)}`), organizationNode),
    async unbindNode(org, id) {
      const path = orgPath(org, `/nodes/${encodeURIComponent(id)}/binding`);
      await send({ method: "DELETE", path, schema: Type.Union([Type.Unknown(), emptyBody]) });
    },
  };
}

const isAboutSession = (error: JitnodeError): boolean =>
  error.code === "session_ended" || error.code === "sign_in_needed";
