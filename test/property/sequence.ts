// Owns one sequence: performs the commands one after another, keeps the states of the model that agree with what was
// seen, and in the end holds the database, the daemon and the invariants against them.
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { describeCommand, type Command } from "./commands.js";
import { createDriver, type Driver, type Made } from "./driver.js";
import { assertInvariants } from "./invariants.js";
import { emptyNode, emptyState, interleave, step, type Branch, type State } from "./model.js";
import type { RealNode } from "./real-node.js";
import type { Row, Tables } from "./rows.js";
import type { World } from "./world.js";

export type SequenceOptions = {
  readonly world: World;
  readonly real: RealNode;
  readonly prefix: string;
  readonly nodes: number;
  /** Told of each command and what came of it. */
  readonly onStep?: (line: string, outcome: string) => void;
};

type Seen = { readonly line: string; readonly outcome: string };

const distinct = (states: readonly State[]): readonly State[] =>
  states.filter((state, index) => states.findIndex((other) => isDeepStrictEqual(other, state)) === index);

/** What a command may come to, also when its request reached the control plane twice. */
function branches(command: Command, state: State, driver: Driver): readonly Branch[] {
  const first = step(command, state, state, driver);
  if (!("delivery" in command) || command.delivery === "answered") return first;
  const isPost = command.do !== "remove" && command.do !== "unbind";
  const second = first.flatMap((branch) =>
    // What succeeded under an idempotency key is answered again; what was refused is tried again.
    isPost && branch.outcome === "ok" ? [branch] : step(command, branch.state, state, driver),
  );
  return command.delivery === "lost" ? second : [...first, ...second];
}

export async function runSequence(commands: readonly Command[], options: SequenceOptions): Promise<void> {
  const { world, real, prefix, nodes } = options;
  const history: Seen[] = [];
  const driver = createDriver({ world, prefix, nodes, real });
  let states: readonly State[] = [emptyState];

  const keep = (line: string, outcome: string, next: readonly (Branch & { readonly matches: boolean })[]): void => {
    history.push({ line, outcome });
    options.onStep?.(line, outcome);
    const agreeing = next.filter(({ matches }) => matches).map(({ state }) => state);
    if (agreeing.length === 0) {
      const expected = [...new Set(next.map((branch) => branch.outcome))].join(" or ");
      throw new Error(`${line} came to ${outcome}, but should have come to ${expected}`);
    }
    states = distinct(agreeing);
  };
  const one = async (command: Command): Promise<void> => {
    const outcome = await driver.perform(command);
    const next = states.flatMap((state) => branches(command, state, driver));
    keep(
      describeCommand(command),
      outcome,
      next.map((branch) => ({ ...branch, matches: branch.outcome === outcome })),
    );
  };
  const together = async (both: readonly [Command, Command]): Promise<void> => {
    const plain = both.map((command) => ({ ...command, ...("delivery" in command ? { delivery: "answered" } : {}) }));
    const [a, b] = plain as [Command, Command];
    const outcomes = await Promise.all([driver.perform(a), driver.perform(b)]);
    const next = states
      .flatMap((state) => interleave([a, b], state, driver))
      .map((end) => ({
        outcome: end.outcomes.join(" and "),
        state: end.state,
        matches: isDeepStrictEqual(end.outcomes, outcomes),
      }));
    keep(`${describeCommand(a)} beside ${describeCommand(b)}`, outcomes.join(" and "), next);
  };
  const crash = async ({ during, after }: Extract<Command, { do: "crash" }>): Promise<void> => {
    const command = { ...during, delivery: "cut" } as const;
    const killed = sleep(after).then(() => world.restartControl());
    const [outcome] = await Promise.all([driver.perform({ ...during, delivery: "answered" }), killed]);
    const next = states.flatMap((state) => branches(command, state, driver));
    keep(
      `${describeCommand(during)} while the control plane is killed`,
      outcome,
      next.map((branch) => ({ ...branch, matches: branch.outcome === outcome })),
    );
  };
  const again = async (made: Made, body: "same" | "other"): Promise<void> => {
    const line = `again (${body} body): ${describeCommand(made.command)}`;
    const means = driver.stillMeans(made);
    if (made.outcome === "ok" && made.change.method === "POST") {
      const outcome = await driver.again(made, body);
      // Authorization is checked again before an answer is given again; nothing happens either way.
      // What a refresh is sent means nothing to it, whatever it is.
      const other = made.command.do === "refresh" ? "ok" : "idempotency_key_reused";
      const allowed = body === "same" ? ["ok", ...noLongerAllowed] : [other, ...noLongerAllowed];
      keep(
        line,
        outcome,
        states.map((state) => ({ outcome: allowed.join(" or "), state, matches: allowed.includes(outcome) })),
      );
    } else if (means !== undefined) {
      const outcome = await driver.again(made, "same");
      const plain = { ...means, ...("delivery" in means ? { delivery: "answered" } : {}) } as Command;
      const next = states.flatMap((state) => branches(plain, state, driver));
      keep(
        line,
        outcome,
        next.map((branch) => ({ ...branch, matches: branch.outcome === outcome })),
      );
    }
  };

  try {
    await real.reset();
    for (const command of commands) {
      await world.database.forgetLimits();
      if (command.do === "together") await together(command.both);
      else if (command.do === "crash") await crash(command);
      else if (command.do === "again") {
        const made = driver.made.at(-1 - command.which);
        if (made !== undefined) await again(made, command.body);
      } else await one(command);
      const [state = emptyState] = states;
      await driver.learnCodes(state);
      await driver.settle(states);
    }
    for (const person of world.people.keys()) await one({ do: "look", person, org: 0 });
    const tables = await world.database.read();
    assertInvariants(tables);
    await assertAgreement(states, driver, tables, real);
    await endTerminals(states, driver);
  } catch (cause) {
    const told = history.map(({ line, outcome }) => `  ${line} → ${outcome}`).join("\n");
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\nafter\n${told}`, { cause });
  }
}

/** What an authorization that is gone may answer. */
const noLongerAllowed = ["org_not_found", "binding_code_invalid"];

/** What this sequence's organizations are in the database, in the model's words. */
function readFacts(tables: Tables, driver: Driver, state: State): unknown {
  const of = (rows: readonly Row[], org: number): readonly Row[] =>
    rows.filter((row) => row["org_id"] === driver.orgId(org));
  return Object.keys(state.orgs)
    .map(Number)
    .map((org) => ({
      org,
      exists: tables.organizations.some((row) => row["id"] === driver.orgId(org)),
      members: of(tables.memberships, org)
        .map((row) => `${String(row["account_id"])} ${String(row["role"])}`)
        .toSorted(),
      refreshes: of(tables.binding_codes, org).length - 1,
      joined: of(tables.audit, org).filter((row) => row["action"] === "member.joined").length,
      removed: of(tables.audit, org).filter((row) => row["action"] === "member.removed").length,
      nodes: of(tables.bindings, org)
        .filter((row) => row["ended_at"] === null)
        .map((row) => row["node_id"])
        .toSorted(),
    }));
}

const total = (counts: Readonly<Record<number, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

function expectedFacts(state: State, driver: Driver): unknown {
  return Object.entries(state.orgs).map(([org, value]) => ({
    org: Number(org),
    exists: true,
    members: Object.entries(value.members)
      .map(([person, role]) => `${driver.accountId(Number(person))} ${role}`)
      .toSorted(),
    refreshes: value.refreshes,
    joined: total(value.joined),
    removed: total(value.removed),
    nodes: Object.entries(state.nodes)
      .filter(([, node]) => node.bound === Number(org))
      .map(([node]) => driver.nodeId(Number(node)))
      .toSorted(),
  }));
}

async function assertAgreement(
  states: readonly State[],
  driver: Driver,
  tables: Tables,
  real: RealNode,
): Promise<void> {
  const fitting = states.find((state) =>
    isDeepStrictEqual(readFacts(tables, driver, state), expectedFacts(state, driver)),
  );
  if (fitting === undefined) {
    const [state = emptyState] = states;
    throw new Error(
      `the database holds ${JSON.stringify(readFacts(tables, driver, state), null, 1)}\n` +
        `but should hold ${states.map((each) => JSON.stringify(expectedFacts(each, driver), null, 1)).join("\nor ")}`,
    );
  }
  const ever = tables.bindings.filter((row) => String(row["org_id"]).startsWith(driver.orgId(0).slice(0, -1)));
  for (const [node, { bindings }] of Object.entries(fitting.nodes)) {
    const found = ever.filter((row) => row["node_id"] === driver.nodeId(Number(node))).length;
    if (found !== bindings) throw new Error(`node ${node} had ${found} bindings instead of ${bindings}`);
  }
  await driver.settle([fitting]);
  const view = await real.binding();
  const row = tables.bindings.find((each) => each["node_id"] === real.id && each["ended_at"] === null);
  const wanted = (fitting.nodes[0] ?? emptyNode).bound;
  if ((row?.["id"] ?? undefined) !== (view.state === "bound" ? view.bindingId : undefined)) {
    throw new Error(`the daemon says ${JSON.stringify(view)}, the database ${JSON.stringify(row)}, model: ${wanted}`);
  }
}

/** A terminal whose person was removed since is signed out; all others still are signed in. */
async function endTerminals(states: readonly State[], driver: Driver): Promise<void> {
  const [state = emptyState] = states;
  for (const [index, { terminal }] of driver.terminals.entries()) {
    const { status } = await terminal.get("/v1/me");
    const open = state.terminals[index]?.open === true;
    if (open !== (status === 200)) throw new Error(`a terminal that ought to be ${open ? "open" : "ended"}: ${status}`);
  }
}
