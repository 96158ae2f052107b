// What ought to come of each command: the rules of DESIGN section 3 once more, in the smallest form. A step is a pure
// function from a state to the possible branches, each with its outcome as the driver sees it. Several branches stand
// where DESIGN leaves the order of checks open; sequence.ts keeps those that agree with what happened.
//
// Deliberately not modelled: limits on wrong attempts (each command counts as an hour later), access tokens.
import type { CodeChoice, Command } from "./commands.js";

export type Role = "administrator" | "member";

export type Organization = {
  readonly members: Readonly<Record<number, Role>>;
  /** How often its code was replaced. */
  readonly refreshes: number;
  /** How often each person joined by a code, and was removed. */
  readonly joined: Readonly<Record<number, number>>;
  readonly removed: Readonly<Record<number, number>>;
};

export type Request = {
  readonly state: "pending" | "approved" | "denied" | "revoked";
  readonly wrongNumbers: number;
  readonly expired: boolean;
  readonly expected?: number;
};

export type Node = {
  readonly request: Request | null;
  readonly bound: number | null;
  /** How many bindings it ever had, in all organizations of this sequence. */
  readonly bindings: number;
};

/** Terminals signed in with an `org_hint`. */
export type Terminal = { readonly person: number; readonly org: number; readonly open: boolean };

export type State = {
  readonly orgs: Readonly<Record<number, Organization>>;
  readonly nodes: Readonly<Record<number, Node>>;
  readonly terminals: readonly Terminal[];
};

export type Branch = { readonly outcome: string; readonly state: State };

export const emptyNode: Node = { request: null, bound: null, bindings: 0 };
export const emptyState: State = { orgs: {}, nodes: {}, terminals: [] };

/** The state in which the codes that a command carries were looked up: a code is alive while it was not refreshed since. */
type Seen = State;

const same = (outcome: string, state: State): Branch => ({ outcome, state });
const nodeOf = (state: State, node: number): Node => state.nodes[node] ?? emptyNode;
const withNode = (state: State, node: number, change: Partial<Node>): State => ({
  ...state,
  nodes: { ...state.nodes, [node]: { ...nodeOf(state, node), ...change } },
});
const withOrg = (state: State, org: number, value: Organization): State => ({
  ...state,
  orgs: { ...state.orgs, [org]: value },
});
const more = (counts: Readonly<Record<number, number>>, of: number) => ({ ...counts, [of]: (counts[of] ?? 0) + 1 });

function created(state: State, org: number, person: number): State {
  return withOrg(state, org, { members: { [person]: "administrator" }, refreshes: 0, joined: {}, removed: {} });
}

function joined(state: State, org: number, person: number): State {
  const value = state.orgs[org];
  if (value === undefined || value.members[person] !== undefined) return state;
  const members = { ...value.members, [person]: "member" as const };
  return withOrg(state, org, { ...value, members, joined: more(value.joined, person) });
}

function removed(state: State, org: number, target: number): State {
  const value = state.orgs[org];
  if (value === undefined) return state;
  const { [target]: _gone, ...members } = value.members;
  const next = { ...value, members, refreshes: value.refreshes + 1, removed: more(value.removed, target) };
  const terminals = state.terminals.map((terminal) =>
    terminal.person === target && terminal.org === org ? { ...terminal, open: false } : terminal,
  );
  return { ...withOrg(state, org, next), terminals };
}

/** The organization that a code opens now, if any. */
export function opens(code: CodeChoice, state: State, seen: Seen): number | undefined {
  if (code === "invented" || "mistyped" in code || code.age > 0) return undefined;
  const before = seen.orgs[code.org];
  const value = state.orgs[code.org];
  return before !== undefined && value?.refreshes === before.refreshes ? code.org : undefined;
}

/** What somebody who comes too late is told. */
const decidedAs = ({ state, expired }: Request): readonly string[] => {
  // A real daemon makes another request by itself, which takes the place of the expired one.
  if (state === "pending") return expired ? ["activation_expired", "activation_cancelled"] : [];
  return [state === "revoked" ? "activation_cancelled" : "activation_decided"];
};

function approve(command: Extract<Command, { do: "approve" }>, state: State, seen: Seen): readonly Branch[] {
  const node = nodeOf(state, command.node);
  const { request } = node;
  if (request === null) return [same("activation_unknown", state)];
  const refusals: Branch[] = [];
  const refuse = (outcome: string, after = state): void => void refusals.push(same(outcome, after));

  const over = decidedAs(request);
  for (const outcome of over) refuse(outcome);
  if (command.key === "other") refuse("node_mismatch");
  if (command.number === "wrong" && over.length === 0) {
    const wrongNumbers = request.wrongNumbers + 1;
    const denied = wrongNumbers >= 3;
    const after = withNode(state, command.node, {
      request: { ...request, wrongNumbers, state: denied ? "denied" : "pending" },
    });
    refuse(denied ? "activation_denied" : "number_wrong", after);
    if (denied) refuse("number_wrong", after);
  }
  if (node.bound !== null) refuse("node_already_bound");

  const { organization } = command;
  const { expected } = request;
  let next = state;
  let org: number | undefined;
  if ("create" in organization) {
    org = organization.create;
    if (expected !== undefined && expected !== org) refuse("org_mismatch");
    if (state.orgs[org] !== undefined) refuse("org_id_taken");
    next = created(state, org, command.person);
  } else if ("use" in organization) {
    org = organization.use;
    if (expected !== undefined && expected !== org) refuse("org_mismatch");
    if (state.orgs[org]?.members[command.person] === undefined) refuse("org_not_found");
  } else {
    org = opens(organization.join, state, seen);
    if (org === undefined || (expected !== undefined && expected !== org)) refuse("binding_code_invalid");
    else next = joined(state, org, command.person);
  }
  if (refusals.length > 0 || org === undefined) return refusals;
  const done = withNode(next, command.node, {
    request: { ...request, state: "approved" },
    bound: org,
    bindings: node.bindings + 1,
  });
  return [same("ok", done)];
}

function remove(command: Extract<Command, { do: "remove" }>, state: State): readonly Branch[] {
  const { person, org, target } = command;
  const value = state.orgs[org];
  const role = value?.members[person];
  if (value === undefined || role === undefined) return [same("org_not_found", state)];
  if (role !== "administrator") return [same("administrator_required", state)];
  const theirs = value.members[target];
  if (theirs === undefined) return [same("ok", state)];
  const administrators = Object.values(value.members).filter((each) => each === "administrator").length;
  if (theirs === "administrator" && administrators <= 1) return [same("last_administrator", state)];
  return [same("ok", removed(state, org, target))];
}

function unbind(command: Extract<Command, { do: "unbind" }>, state: State): readonly Branch[] {
  const role = state.orgs[command.org]?.members[command.person];
  if (role === undefined) return [same("org_not_found", state)];
  const here = nodeOf(state, command.node).bound === command.org;
  // Removing what is gone is 204; what never was there is not found.
  const gone = here ? [] : [same("node_not_found", state), same("ok", state)];
  if (role !== "administrator") return [same("administrator_required", state), ...gone.slice(0, 1)];
  return here ? [same("ok", withNode(state, command.node, { bound: null }))] : gone;
}

function request(command: Extract<Command, { do: "request" }>, state: State, isReal: boolean): readonly Branch[] {
  const node = nodeOf(state, command.node);
  if (isReal && node.bound !== null) return [same("already_bound", state)];
  if (isReal && node.request?.state === "pending" && !node.request.expired) return [same("ok", state)];
  const fresh: Request = {
    state: "pending",
    wrongNumbers: 0,
    expired: false,
    ...(command.expected === undefined || isReal ? {} : { expected: command.expected }),
  };
  return [same("ok", withNode(state, command.node, { request: fresh }))];
}

function cancel(node: number, state: State): readonly Branch[] {
  const { request: found } = nodeOf(state, node);
  if (found?.state !== "pending")
    return [same("ok", state), same("no_activation", state), same("invalid_grant", state)];
  return [same("ok", withNode(state, node, { request: { ...found, state: "revoked" } }))];
}

export type Facts = {
  /** Is it a real daemon, which has rules of its own before anything is sent? */
  isReal(node: number): boolean;
};

/** All that may come of a command. An empty list would be a mistake of the model. */
export function step(command: Command, state: State, seen: Seen, facts: Facts): readonly Branch[] {
  switch (command.do) {
    case "request":
      return request(command, state, facts.isReal(command.node));
    case "cancel":
      return cancel(command.node, state);
    case "approve":
      return approve(command, state, seen);
    case "deny": {
      const { request: found } = nodeOf(state, command.node);
      if (found === null) return [same("activation_unknown", state)];
      const over = decidedAs(found);
      if (over.length > 0) return over.map((outcome) => same(outcome, state));
      return [same("ok", withNode(state, command.node, { request: { ...found, state: "denied" } }))];
    }
    case "create":
      return state.orgs[command.org] === undefined
        ? [same("ok", created(state, command.org, command.person))]
        : [same("org_id_taken", state)];
    case "join": {
      const org = opens(command.code, state, seen);
      if (org === undefined || (command.expected !== undefined && command.expected !== org))
        return [same("binding_code_invalid", state)];
      return [same("ok", joined(state, org, command.person))];
    }
    case "refresh": {
      const value = state.orgs[command.org];
      if (value?.members[command.person] === undefined) return [same("org_not_found", state)];
      return [same("ok", withOrg(state, command.org, { ...value, refreshes: value.refreshes + 1 }))];
    }
    case "remove":
      return remove(command, state);
    case "unbind":
      return unbind(command, state);
    case "release":
      return nodeOf(state, command.node).bound === null
        ? // Said again while the first one is still being told to the control plane.
          [same("not_bound", state), same("ok", state)]
        : [same("ok", withNode(state, command.node, { bound: null }))];
    case "expire": {
      const { request: found } = nodeOf(state, command.node);
      if (found?.state !== "pending" || found.expired) return [same("nothing", state)];
      return [same("ok", withNode(state, command.node, { request: { ...found, expired: true } }))];
    }
    case "sign-in": {
      const { person, org } = command;
      if (state.orgs[org]?.members[person] === undefined) return [same("membership_required", state)];
      return [same("ok", { ...state, terminals: [...state.terminals, { person, org, open: true }] })];
    }
    case "look":
      return [same(state.orgs[command.org]?.members[command.person] ?? "org_not_found", state)];
    case "restart":
      return [same("ok", state)];
    case "promote": {
      const value = state.orgs[command.org];
      if (value?.members[command.target] === undefined) return [same("nobody", state)];
      const members = { ...value.members, [command.target]: "administrator" as const };
      return [same("ok", withOrg(state, command.org, { ...value, members }))];
    }
    case "crash":
    case "again":
    case "together":
      throw new Error(`sequence.ts takes "${command.do}" apart`);
  }
}

/** Every order in which two commands that happen at the same moment may take effect. */
export function interleave(
  [one, other]: readonly [Command, Command],
  state: State,
  facts: Facts,
): readonly { readonly outcomes: readonly [string, string]; readonly state: State }[] {
  const inOrder = (first: Command, second: Command) =>
    step(first, state, state, facts).flatMap((a) =>
      step(second, a.state, state, facts).map((b) => ({ first: a.outcome, second: b.outcome, state: b.state })),
    );
  return [
    ...inOrder(one, other).map(({ first, second, state: after }) => ({
      outcomes: [first, second] as const,
      state: after,
    })),
    ...inOrder(other, one).map(({ first, second, state: after }) => ({
      outcomes: [second, first] as const,
      state: after,
    })),
  ];
}
