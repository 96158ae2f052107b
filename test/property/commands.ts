// The random sequences, as data: what people, nodes and operators do, told in small numbers, so that a failing sequence
// is printed, read and repeated. What comes of a command is model.ts's, how it is done is driver.ts's.
import fc from "fast-check";

/** What may go wrong on the way. Each is repeated until there is an answer, with the same idempotency key. */
export type Delivery =
  | "answered"
  /** The answer came and was thrown away. */
  | "lost"
  /** The connection broke once the request was out. */
  | "cut";

/** Codes are named by age: 0 is the organization's current one, 1 the one before, and so on. */
export type CodeChoice =
  | { readonly org: number; readonly age: number }
  /** The current one with a letter changed: its check letter is wrong. */
  | { readonly org: number; readonly mistyped: true }
  /** Well-formed, and nobody's. */
  | "invented";

export type OrganizationChoice = { readonly create: number } | { readonly use: number } | { readonly join: CodeChoice };

export type Command =
  | { readonly do: "request"; readonly node: number; readonly expected?: number }
  | { readonly do: "cancel"; readonly node: number }
  | {
      readonly do: "approve";
      readonly person: number;
      readonly node: number;
      readonly number: "right" | "wrong";
      readonly key: "right" | "other";
      readonly organization: OrganizationChoice;
      readonly delivery: Delivery;
    }
  | { readonly do: "deny"; readonly person: number; readonly node: number; readonly delivery: Delivery }
  | { readonly do: "create"; readonly person: number; readonly org: number; readonly delivery: Delivery }
  | {
      readonly do: "join";
      readonly person: number;
      readonly code: CodeChoice;
      readonly expected?: number;
      readonly delivery: Delivery;
    }
  | { readonly do: "refresh"; readonly person: number; readonly org: number; readonly delivery: Delivery }
  | {
      readonly do: "remove";
      readonly person: number;
      readonly org: number;
      readonly target: number;
      readonly delivery: Delivery;
    }
  | {
      readonly do: "unbind";
      readonly person: number;
      readonly org: number;
      readonly node: number;
      readonly delivery: Delivery;
    }
  | { readonly do: "release"; readonly node: number }
  /** Ten minutes pass for what the node asked. */
  | { readonly do: "expire"; readonly node: number }
  /** A new terminal signs in on a node of that organization (`org_hint`). */
  | { readonly do: "sign-in"; readonly person: number; readonly org: number }
  /** Everything of an organization, read by somebody. */
  | { readonly do: "look"; readonly person: number; readonly org: number }
  /** An earlier change of a person once more: the same key, and the same or another body. */
  | { readonly do: "again"; readonly which: number; readonly body: "same" | "other" }
  | { readonly do: "restart"; readonly program: "control" | "daemon" }
  /** Makes a member an administrator. Nobody can do that yet, so it is written into the database. */
  | { readonly do: "promote"; readonly org: number; readonly target: number }
  /** The control plane is killed while it works on the change, `after` so many milliseconds, and started again. */
  | { readonly do: "crash"; readonly during: PersonsChange; readonly after: number }
  /** Both at the same moment. */
  | { readonly do: "together"; readonly both: readonly [Command, Command] };

/** What a person sends until there is an answer. */
export type PersonsChange = Extract<Command, { readonly delivery: Delivery }>;

export type People = { readonly people: number; readonly orgs: number; readonly nodes: number };

/** Sequences begin with an organization, since without one most of the rest is refused. */
export function sequences({ people, orgs, nodes }: People, length: number): fc.Arbitrary<readonly Command[]> {
  const plain = { noNullPrototype: true };
  const below = (limit: number) => fc.nat({ max: limit - 1 });
  // The first ones are met more often, so that commands meet each other.
  const person = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, { weight: 2, arbitrary: below(people) });
  const org = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: below(orgs) });
  const node = below(nodes);
  const delivery: fc.Arbitrary<Delivery> = fc.oneof(
    { weight: 6, arbitrary: fc.constant("answered" as const) },
    { weight: 2, arbitrary: fc.constantFrom("lost" as const, "cut" as const) },
  );
  const current: fc.Arbitrary<CodeChoice> = fc.record({ org, age: fc.constant(0) }, plain);
  const code: fc.Arbitrary<CodeChoice> = fc.oneof(
    { weight: 6, arbitrary: current },
    { weight: 3, arbitrary: fc.record({ org, age: fc.constantFrom(1, 2) }, plain) },
    { weight: 1, arbitrary: fc.record({ org, mistyped: fc.constant(true as const) }, plain) },
    { weight: 1, arbitrary: fc.constant("invented" as const) },
  );
  const organization: fc.Arbitrary<OrganizationChoice> = fc.oneof(
    { weight: 1, arbitrary: fc.record({ create: org }, plain) },
    { weight: 3, arbitrary: fc.record({ use: org }, plain) },
    { weight: 3, arbitrary: fc.record({ join: code }, plain) },
  );
  const mostly = <const T>(usual: T, other: T) =>
    fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(other) });
  const is = <const T extends string>(name: T) => fc.constant(name);
  const command = <C extends Command>(arbitrary: fc.Arbitrary<C>): fc.Arbitrary<Command> => arbitrary;

  const approveOn = (which: fc.Arbitrary<number>) =>
    fc.record(
      {
        do: is("approve"),
        person,
        node: which,
        number: mostly("right", "wrong"),
        key: mostly("right", "other"),
        organization,
        delivery,
      },
      plain,
    );
  const denyOn = (which: fc.Arbitrary<number>) => fc.record({ do: is("deny"), person, node: which, delivery }, plain);
  const approve = approveOn(node);
  const deny = denyOn(node);
  const join = fc.record(
    { do: is("join"), person, code, expected: org, delivery },
    { ...plain, requiredKeys: ["do", "person", "code", "delivery"] },
  );
  const refresh = fc.record({ do: is("refresh"), person, org, delivery }, plain);
  const remove = fc.record({ do: is("remove"), person, org, target: person, delivery }, plain);
  const unbind = fc.record({ do: is("unbind"), person, org, node, delivery }, plain);
  const release = fc.record({ do: is("release"), node }, plain);
  const requestOf = (which: fc.Arbitrary<number>) =>
    fc.record({ do: is("request"), node: which, expected: org }, { ...plain, requiredKeys: ["do", "node"] });
  const cancel = fc.record({ do: is("cancel"), node }, plain);
  const create = fc.record({ do: is("create"), person, org, delivery }, plain);
  const change: fc.Arbitrary<PersonsChange> = fc.oneof(approve, join, refresh, remove, unbind, deny, create);
  const meeting = fc.oneof(command(change), command(remove), command(refresh), command(release));
  const together = (one: fc.Arbitrary<Command>, other: fc.Arbitrary<Command>): fc.Arbitrary<Command> =>
    fc.record({ do: is("together"), both: fc.tuple(one, other) }, plain);

  /** A node asks and somebody answers, or two do. */
  const activation = node.chain((which) => {
    const here = fc.constant(which);
    const decisions = fc.oneof(
      { weight: 3, arbitrary: command(approveOn(here)) },
      {
        weight: 2,
        arbitrary: together(approveOn(here), fc.oneof(command(approveOn(here)), command(denyOn(here)), meeting)),
      },
    );
    return fc.tuple(command(requestOf(here)), decisions);
  });
  /** Two administrators, who may then remove each other. */
  const rivals = fc.tuple(
    command(fc.record({ do: is("join"), person: fc.constant(1), code: current, delivery }, plain)),
    command(fc.record({ do: is("promote"), org: fc.constant(0), target: fc.constant(1) }, plain)),
    together(remove, remove),
  );
  /** A member signs in on a node of the organization, and is removed. */
  const guest = person.chain((who) => {
    const they = fc.constant(who);
    return fc.tuple(
      command(fc.record({ do: is("join"), person: they, code: current, delivery }, plain)),
      command(fc.record({ do: is("sign-in"), person: they, org }, plain)),
      command(fc.record({ do: is("remove"), person, org, target: they, delivery }, plain)),
    );
  });
  /** A node that is bound asks once more, and somebody approves that. */
  const twice = fc.tuple(node, person).chain(([which, who]) => {
    const here = fc.constant(which);
    const approval = approveOn(here).map((one) => ({ ...one, person: who }) satisfies Command);
    return fc.tuple(command(requestOf(here)), command(approval), command(requestOf(here)), command(approval));
  });
  const alone = fc.oneof(
    { weight: 4, arbitrary: command(join) },
    { weight: 3, arbitrary: command(refresh) },
    { weight: 3, arbitrary: command(remove) },
    { weight: 4, arbitrary: command(unbind) },
    { weight: 3, arbitrary: command(release) },
    { weight: 1, arbitrary: command(cancel) },
    { weight: 1, arbitrary: command(deny) },
    { weight: 1, arbitrary: command(fc.record({ do: is("expire"), node }, plain)) },
    { weight: 2, arbitrary: command(create) },
    { weight: 2, arbitrary: command(fc.record({ do: is("sign-in"), person, org }, plain)) },
    { weight: 2, arbitrary: command(fc.record({ do: is("look"), person, org }, plain)) },
    {
      weight: 3,
      arbitrary: command(
        fc.record({ do: is("again"), which: fc.nat({ max: 9 }), body: mostly("same", "other") }, plain),
      ),
    },
    { weight: 4, arbitrary: together(meeting, meeting) },
    {
      weight: 1,
      arbitrary: command(fc.record({ do: is("crash"), during: change, after: fc.nat({ max: 20 }) }, plain)),
    },
    {
      weight: 1,
      arbitrary: command(
        fc.record({ do: is("restart"), program: fc.constantFrom("control" as const, "daemon" as const) }, plain),
      ),
    },
  );
  const phrases: fc.Arbitrary<readonly Command[]> = fc.oneof(
    { weight: 8, arbitrary: alone.map((one) => [one]) },
    { weight: 5, arbitrary: activation },
    { weight: 1, arbitrary: rivals },
    { weight: 1, arbitrary: guest },
    { weight: 1, arbitrary: twice },
  );
  const first: Command = { do: "create", person: 0, org: 0, delivery: "answered" };
  return fc
    .array(phrases, { minLength: Math.ceil(length / 2), maxLength: length, size: "max" })
    .map((commands) => [first, ...commands.flat()]);
}

/** One line a command, for reports. */
export const describeCommand = (command: Command): string => JSON.stringify(command);
