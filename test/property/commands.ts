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
  /** A new terminal signs in on a node of that organization (`org_hint`). */
  | { readonly do: "sign-in"; readonly person: number; readonly org: number }
  /** Everything of an organization, read by somebody. */
  | { readonly do: "look"; readonly person: number; readonly org: number }
  /** An earlier change of a person once more: the same key, and the same or another body. */
  | { readonly do: "again"; readonly which: number; readonly body: "same" | "other" }
  | { readonly do: "restart"; readonly program: "control" | "daemon" }
  /** Both at the same moment. */
  | { readonly do: "together"; readonly both: readonly [Command, Command] };

export type People = { readonly people: number; readonly orgs: number; readonly nodes: number };

/** Sequences begin with an organization, since without one most of the rest is refused. */
export function sequences({ people, orgs, nodes }: People, length: number): fc.Arbitrary<readonly Command[]> {
  const below = (limit: number) => fc.nat({ max: limit - 1 });
  // The first ones are met more often, so that commands meet each other.
  const person = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: below(people) });
  const org = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: below(orgs) });
  const node = below(nodes);
  const delivery: fc.Arbitrary<Delivery> = fc.oneof(
    { weight: 6, arbitrary: fc.constant("answered" as const) },
    { weight: 2, arbitrary: fc.constantFrom("lost" as const, "cut" as const) },
  );
  const code: fc.Arbitrary<CodeChoice> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ org, age: fc.constant(0) }) },
    { weight: 3, arbitrary: fc.record({ org, age: fc.constantFrom(1, 2) }) },
    { weight: 1, arbitrary: fc.record({ org, mistyped: fc.constant(true as const) }) },
    { weight: 1, arbitrary: fc.constant("invented" as const) },
  );
  const organization: fc.Arbitrary<OrganizationChoice> = fc.oneof(
    fc.record({ create: org }),
    fc.record({ use: org }),
    fc.record({ join: code }),
  );
  const mostly = <const T>(usual: T, other: T) =>
    fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(other) });
  const is = <const T extends string>(name: T) => fc.constant(name);

  const approve = fc.record({
    do: is("approve"),
    person,
    node,
    number: mostly("right", "wrong"),
    key: mostly("right", "other"),
    organization,
    delivery,
  });
  const join = fc.record(
    { do: is("join"), person, code, expected: org, delivery },
    { requiredKeys: ["do", "person", "code", "delivery"] },
  );
  const refresh = fc.record({ do: is("refresh"), person, org, delivery });
  const remove = fc.record({ do: is("remove"), person, org, target: person, delivery });
  const unbind = fc.record({ do: is("unbind"), person, org, node, delivery });
  const release = fc.record({ do: is("release"), node });
  const request = fc.record({ do: is("request"), node, expected: org }, { requiredKeys: ["do", "node"] });
  const cancel = fc.record({ do: is("cancel"), node });
  const deny = fc.record({ do: is("deny"), person, node, delivery });
  const create = fc.record({ do: is("create"), person, org, delivery });
  const pair = fc.oneof(approve, join, refresh, remove, remove, unbind, release, deny, create);

  const any = fc.oneof(
    { weight: 5, arbitrary: request },
    { weight: 8, arbitrary: approve },
    { weight: 6, arbitrary: join },
    { weight: 4, arbitrary: refresh },
    { weight: 4, arbitrary: remove },
    { weight: 3, arbitrary: unbind },
    { weight: 2, arbitrary: release },
    { weight: 1, arbitrary: cancel },
    { weight: 1, arbitrary: deny },
    { weight: 2, arbitrary: create },
    { weight: 2, arbitrary: fc.record({ do: is("sign-in"), person, org }) },
    { weight: 3, arbitrary: fc.record({ do: is("look"), person, org }) },
    { weight: 3, arbitrary: fc.record({ do: is("again"), which: fc.nat({ max: 9 }), body: mostly("same", "other") }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: is("together"), both: fc.tuple(pair, pair) }),
    },
    { weight: 1, arbitrary: fc.record({ do: is("restart"), program: fc.constantFrom("control", "daemon") }) },
  );
  const first: Command = { do: "create", person: 0, org: 0, delivery: "answered" };
  return fc
    .array(any as fc.Arbitrary<Command>, { minLength: Math.ceil(length / 2), maxLength: length, size: "max" })
    .map((commands) => [first, ...commands]);
}

/** One line a command, for reports. */
export const describeCommand = (command: Command): string => JSON.stringify(command);
