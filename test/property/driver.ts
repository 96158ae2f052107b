// Owns doing what a command says, in a world, and telling what came of it as a word that the model knows too: `ok`, a
// problem's code, or a role. What the commands call by small numbers gets its real name here.
import type { CodeChoice, Command } from "./commands.js";
import { emptyNode, emptyState, type State } from "./model.js";
import type { RealNode } from "./real-node.js";
import { createLightNode, type NodeUnderTest } from "./test-node.js";
import { approveTerminal } from "./test-people.js";
import { post, remove, signIn, type Change, type Terminal } from "./test-person.js";
import { fields, outcomeOf, textOf, type Answer } from "./wire.js";
import type { World } from "./world.js";

/** A change that somebody made, to be made again. */
export type Made = {
  readonly command: Command;
  readonly person: number;
  readonly change: Change;
  readonly outcome: string;
};

export type Driver = {
  /** Not for "again", "crash" and "together", which sequence.ts takes apart. */
  perform(command: Command): Promise<string>;
  /** Sends an earlier change once more, with another body if asked for. */
  again(made: Made, body: "same" | "other"): Promise<string>;
  /** Can it be sent again, meaning the same? */
  stillMeans(made: Made): Command | undefined;
  readonly made: readonly Made[];
  /** Looks up the current binding codes, through a member of each organization. */
  learnCodes(state: State): Promise<void>;
  isReal(node: number): boolean;
  /** Waits until the daemon knows what has come of its request; of several possible states the database picks one. */
  settle(states: readonly State[]): Promise<void>;
  orgId(org: number): string;
  accountId(person: number): string;
  nodeId(node: number): string;
  readonly terminals: readonly { readonly person: number; readonly org: number; readonly terminal: Terminal }[];
};

export type DriverOptions = {
  readonly world: World;
  /** Tells this sequence's organizations from all others'. */
  readonly prefix: string;
  readonly nodes: number;
  /** Plays the node of number 0. */
  readonly real: RealNode;
};

const letters = "BCDFGHJKLMNPQRSTVWXZ";

/** Right in form (Luhn mod 20), and nobody's. */
function inventCode(): string {
  const drawn = Array.from({ length: 12 }, () => Math.floor(Math.random() * 20));
  const sum = drawn.toReversed().reduce((total, value, index) => {
    const product = index % 2 === 0 ? value * 2 : value;
    return total + Math.floor(product / 20) + (product % 20);
  }, 0);
  return [...drawn, (20 - (sum % 20)) % 20].map((value) => letters.charAt(value)).join("");
}

/** As well-formed as the first one, and not the same. */
function otherBody({ do: what }: Command, body: string): string {
  const sent = JSON.parse(body) as object;
  const other =
    what === "approve"
      ? { number: "xx" }
      : what === "create"
        ? { name: "Another name" }
        : what === "join"
          ? { binding_code: "another" }
          : { key_thumbprint: "another" };
  return JSON.stringify({ ...sent, ...other });
}

const mistype = (code: string): string => (code.startsWith("B") ? "C" : "B") + code.slice(1);

export function createDriver({ world, prefix, nodes, real }: DriverOptions): Driver {
  const orgId = (org: number): string => `${prefix}-${org}`;
  const personOf = (person: number) => {
    const found = world.people[person];
    if (found === undefined) throw new Error(`there is no person ${person}`);
    return found;
  };
  const accountId = (person: number): string => personOf(person).accountId;
  const light = Array.from({ length: nodes }, (_, number) =>
    createLightNode({
      wire: world.wire,
      issuer: world.issuer,
      name: `light ${prefix} ${number}`,
      address: world.address(),
    }),
  );
  const nodeOf = (node: number): NodeUnderTest => {
    const found = node === 0 ? real : light[node];
    if (found === undefined) throw new Error(`there is no node ${node}`);
    return found;
  };
  /** Per organization, oldest first; the last one is alive. */
  const codes = new Map<number, string[]>();
  const made: Made[] = [];
  const terminals: Driver["terminals"][number][] = [];

  const codeText = (code: CodeChoice): string => {
    if (code === "invented") return inventCode();
    const known = codes.get(code.org) ?? [];
    if ("mistyped" in code) return mistype(known.at(-1) ?? inventCode());
    return known.at(-1 - code.age) ?? inventCode();
  };

  /** What a text is called now: it was the current code and may be an old one since. */
  const codeCalled = (code: CodeChoice, text: string): CodeChoice => {
    if (code === "invented" || "mistyped" in code) return code;
    const known = codes.get(code.org) ?? [];
    const place = known.indexOf(text);
    return place === -1 ? "invented" : { org: code.org, age: known.length - 1 - place };
  };

  const change = async (command: (Command & { delivery: never }) | Command, person: number, wanted: Change) => {
    const delivery = "delivery" in command ? command.delivery : "answered";
    const answer = await personOf(person).terminal.change(wanted, delivery);
    made.push({ command, person, change: wanted, outcome: outcomeOf(answer) });
    return answer;
  };

  const newOrg = (org: number) => ({ id: orgId(org), name: `Organization ${org}`, agreement: world.agreement });

  const look = async (person: number, org: number): Promise<string> => {
    const { terminal } = personOf(person);
    const path = `/v1/orgs/${orgId(org)}`;
    const answers = new Map<string, Answer>();
    for (const rest of ["", "/binding-code", "/members", "/nodes"]) answers.set(rest, await terminal.get(path + rest));
    const own = answers.get("");
    const outcomes = new Set([...answers.values()].map(outcomeOf));
    if (outcomes.size !== 1 || own === undefined) return `mixed: ${[...outcomes].join(", ")}`;
    if (outcomeOf(own) !== "ok") {
      const told = [...answers.values()].filter((answer) => answer.status !== 404 || tells(answer, org));
      return told.length === 0 ? outcomeOf(own) : `told too much: ${told.map(({ text }) => text).join(" ")}`;
    }
    const bare = await world.wire.send({ method: "GET", path, headers: {} });
    const outside = [bare, ...(await terminal.getStolen(path))].map(({ status }) => status);
    if (outside.some((status) => status !== 401)) return `without a token or its key: ${outside.join(", ")}`;
    return textOf(fields(own), "role");
  };
  /** Does a refusal give away that the organization exists? Its own id stands in no public text. */
  const tells = (answer: Answer, org: number): boolean => answer.text.includes(`Organization ${org}`);

  const perform = async (command: Command): Promise<string> => {
    switch (command.do) {
      case "request": {
        const expected = command.expected === undefined ? undefined : orgId(command.expected);
        return await nodeOf(command.node).request(expected);
      }
      case "cancel":
        return await nodeOf(command.node).cancel();
      case "release":
        return await nodeOf(command.node).release();
      case "expire": {
        const shown = nodeOf(command.node).shown();
        return shown !== undefined && (await world.database.expire(shown.thumbprint)) ? "ok" : "nothing";
      }
      case "approve": {
        const { organization } = command;
        const shown = nodeOf(command.node).shown() ?? {
          userCode: "BCDF-GHJK",
          number: "00",
          thumbprint: "x".repeat(43),
        };
        const right = command.number === "right";
        const body = {
          number: right ? shown.number : String((Number(shown.number) + 1) % 100).padStart(2, "0"),
          key_thumbprint: command.key === "right" ? shown.thumbprint : "x".repeat(43),
          organization:
            "create" in organization
              ? { create: newOrg(organization.create) }
              : "use" in organization
                ? { use: { id: orgId(organization.use) } }
                : { join: { binding_code: codeText(organization.join) } },
        };
        const path = `/v1/activations/${shown.userCode}/approval`;
        return outcomeOf(await change(command, command.person, post(path, body)));
      }
      case "deny": {
        const code = nodeOf(command.node).shown()?.userCode ?? "BCDF-GHJK";
        return outcomeOf(await change(command, command.person, post(`/v1/activations/${code}/denial`, {})));
      }
      case "create":
        return outcomeOf(await change(command, command.person, post("/v1/orgs", newOrg(command.org))));
      case "join": {
        const expected = command.expected === undefined ? {} : { expected_org: orgId(command.expected) };
        const body = { binding_code: codeText(command.code), ...expected };
        return outcomeOf(await change(command, command.person, post("/v1/orgs/join", body)));
      }
      case "refresh": {
        const path = `/v1/orgs/${orgId(command.org)}/binding-code/refresh`;
        const answer = await change(command, command.person, post(path, {}));
        if (outcomeOf(answer) === "ok") learn(command.org, textOf(fields(answer), "binding_code"));
        return outcomeOf(answer);
      }
      case "remove": {
        const path = `/v1/orgs/${orgId(command.org)}/members/${accountId(command.target)}`;
        return outcomeOf(await change(command, command.person, remove(path)));
      }
      case "unbind": {
        const path = `/v1/orgs/${orgId(command.org)}/nodes/${nodeOf(command.node).id}/binding`;
        return outcomeOf(await change(command, command.person, remove(path)));
      }
      case "sign-in": {
        const person = personOf(command.person);
        const terminal = await signIn({
          wire: world.wire,
          issuer: world.issuer,
          address: world.address(),
          orgHint: orgId(command.org),
          approve: approveTerminal(person),
        });
        if (terminal === undefined) return "membership_required";
        terminals.push({ person: command.person, org: command.org, terminal });
        return "ok";
      }
      case "look":
        return await look(command.person, command.org);
      case "restart":
        await (command.program === "control" ? world.restartControl() : world.restartDaemon());
        return "ok";
      case "promote":
        return (await world.database.promote(orgId(command.org), accountId(command.target))) ? "ok" : "nobody";
      case "crash":
      case "again":
      case "together":
        throw new Error(`sequence.ts takes "${command.do}" apart`);
    }
  };

  /** A code that was seen; `current` puts it last. */
  const learn = (org: number, text: string, current = false): void => {
    const known = codes.get(org) ?? [];
    const plain = text.replaceAll("-", "");
    if (current && known.at(-1) !== plain) codes.set(org, [...known.filter((code) => code !== plain), plain]);
    else if (!known.includes(plain)) codes.set(org, [...known, plain]);
  };

  return {
    perform,
    made,
    terminals,
    orgId,
    accountId,
    nodeId: (node) => nodeOf(node).id,
    isReal: (node) => node === 0,
    stillMeans({ command, change: sent }) {
      if (command.do === "approve" || command.do === "deny") {
        const shown = nodeOf(command.node).shown();
        if (shown === undefined || !sent.path.includes(shown.userCode)) return undefined;
      }
      const body = JSON.parse(sent.body ?? "{}") as {
        readonly binding_code?: string;
        readonly organization?: { readonly join?: { readonly binding_code: string } };
      };
      if (command.do === "join") return { ...command, code: codeCalled(command.code, body.binding_code ?? "") };
      if (command.do === "approve" && "join" in command.organization) {
        const join = codeCalled(command.organization.join, body.organization?.join?.binding_code ?? "");
        return { ...command, organization: { join } };
      }
      return command;
    },
    async again({ command, person, change: sent }, body) {
      const wanted = body === "same" ? sent : { ...sent, body: otherBody(command, sent.body ?? "{}") };
      return outcomeOf(await personOf(person).terminal.change(wanted));
    },
    async learnCodes(state) {
      for (const [org, { members }] of Object.entries(state.orgs)) {
        const member = Number(Object.keys(members)[0]);
        const answer = await personOf(member).terminal.get(`/v1/orgs/${orgId(Number(org))}/binding-code`);
        if (outcomeOf(answer) !== "ok") throw new Error(`a member could not see the code: ${answer.text}`);
        learn(Number(org), textOf(fields(answer), "binding_code"), true);
      }
    },
    async settle(states) {
      const node = ({ nodes: all }: State) => all[0] ?? emptyNode;
      const waits = (state: State): boolean => {
        const { request } = node(state);
        return request?.state === "pending" && !request.expired;
      };
      const thumbprint = real.shown()?.thumbprint;
      // Whether a wrong number whose answer was lost has counted once or twice, only the database knows.
      const isOpen =
        states.length > 1 && thumbprint !== undefined ? await world.database.isPending(thumbprint) : undefined;
      const agreeing = states.find((state) => waits(state) === isOpen) ?? states[0] ?? emptyState;
      const { bound, request } = node(agreeing);
      const over = request !== null && !waits(agreeing);
      await real.settle(bound !== null ? "bound" : over ? "not pending" : "unbound");
    },
  };
}
