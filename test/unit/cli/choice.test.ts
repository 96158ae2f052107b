import { describe, expect, test } from "vitest";
import {
  agrees,
  assertComplete,
  assertWithin,
  readChoice,
  type Choice,
  type ChoiceFlags,
} from "../../../src/cli/commands/activate/choice.js";
import { isReached, wasUnbound } from "../../../src/cli/commands/status/wait.js";
import type { LocalBinding, Status } from "../../../src/protocol/local.js";

const nothing: ChoiceFlags = {
  createOrg: undefined,
  orgName: undefined,
  acceptAgreement: false,
  org: undefined,
  bindingCodeFile: undefined,
  codeFileVariable: undefined,
};
const read = (flags: Partial<ChoiceFlags>): Choice => readChoice({ ...nothing, ...flags });
const refusal = (code: string): unknown => expect.objectContaining({ code });

describe("which organization the flags choose", () => {
  test("one of three ways, or none", () => {
    expect(read({})).toEqual({ kind: "ask" });
    expect(read({ org: "acme" })).toEqual({ kind: "use", id: "acme" });
    expect(read({ bindingCodeFile: "-" })).toEqual({ kind: "join", file: "-" });
    expect(read({ createOrg: "acme", orgName: " Acme ", acceptAgreement: true })).toEqual({
      kind: "create",
      id: "acme",
      name: "Acme",
      accepted: true,
    });
  });

  test("the variable chooses only where no flag does", () => {
    expect(read({ codeFileVariable: "code.txt" })).toEqual({ kind: "join", file: "code.txt" });
    expect(read({ org: "acme", codeFileVariable: "code.txt" })).toEqual({ kind: "use", id: "acme" });
  });

  test.each<[Partial<ChoiceFlags>, string]>([
    [{ org: "acme", createOrg: "other" }, "usage"],
    [{ org: "acme", bindingCodeFile: "f" }, "usage"],
    [{ org: "acme", orgName: "Acme" }, "usage"],
    [{ acceptAgreement: true }, "usage"],
    [{ createOrg: "Acme" }, "org_id_invalid"],
    [{ createOrg: "a".repeat(10_000) }, "org_id_invalid"],
    [{ createOrg: "admin" }, "org_id_reserved"],
    [{ createOrg: "acme", orgName: "a\u202eb" }, "org_name_invalid"],
  ])("%j is refused: %s", (flags, code) => expect(() => read(flags)).toThrow(refusal(code)));

  test("JITNODE_ORG constrains and never chooses", () => {
    expect(() => assertWithin({ kind: "use", id: "other" }, "acme")).toThrow(refusal("org_mismatch"));
    expect(() => assertWithin({ kind: "use", id: "acme" }, "acme")).not.toThrow();
    expect(() => assertWithin({ kind: "ask" }, "acme")).not.toThrow();
    expect(() => assertWithin({ kind: "use", id: "acme" }, undefined)).not.toThrow();
  });

  test("where nobody can be asked, everything must be said", () => {
    const create = { kind: "create", id: "acme", name: "Acme", accepted: true } as const;
    expect(() => assertComplete(create)).not.toThrow();
    expect(() => assertComplete({ ...create, name: undefined })).toThrow(refusal("input_needed"));
    expect(() => assertComplete({ ...create, accepted: false })).toThrow(refusal("agreement_required"));
    expect(() => assertComplete({ kind: "ask" })).toThrow(refusal("org_choice_needed"));
  });
});

const binding: LocalBinding = {
  binding_id: "JB_8f3kQ2mZ7pVbT4sW",
  organization: { id: "acme", name: "Acme" },
  server: "https://control.example.com",
  control_plane_id: "0123456789abcdef",
  bound_at: "2026-11-22T12:00:00.000Z",
};

test.each<[Choice, string | undefined, string | undefined, boolean]>([
  [{ kind: "ask" }, undefined, undefined, true],
  [{ kind: "use", id: "acme" }, undefined, "https://control.example.com/", true],
  [{ kind: "create", id: "acme", name: "Another name", accepted: true }, "acme", undefined, true],
  // A binding code is not looked at.
  [{ kind: "join", file: "/nowhere" }, undefined, undefined, true],
  [{ kind: "use", id: "other" }, undefined, undefined, false],
  [{ kind: "ask" }, "other", undefined, false],
  [{ kind: "ask" }, undefined, "https://other.example.com", false],
])("a binding agrees with %j, JITNODE_ORG %s, server %s: %s", (choice, constraint, server, expected) => {
  expect(agrees(binding, { choice, constraint, server })).toBe(expected);
});

describe("waiting", () => {
  const unbound = {
    state: "unbound",
    connection: "none",
    binding: null,
    last_unbound: null,
  } as unknown as Status;
  const bound = { ...unbound, state: "bound", connection: "connecting", binding } satisfies Status;
  const ended = { binding_id: binding.binding_id, at: binding.bound_at, by: "administrator" };

  test("is over when the state is reached", () => {
    expect(isReached("bound", bound)).toBe(true);
    expect(isReached("connected", bound)).toBe(false);
    expect(isReached("connected", { ...bound, connection: "connected" })).toBe(true);
    expect(isReached("unbound", { ...unbound, state: "pending" })).toBe(true);
    expect(isReached("bound", unbound)).toBe(false);
  });

  test("notices an unbind, also one between two looks", () => {
    expect(wasUnbound(undefined, { ...unbound, last_unbound: ended })).toBe(false);
    expect(wasUnbound(bound, { ...unbound, last_unbound: ended })).toBe(true);
    expect(wasUnbound(unbound, { ...unbound, last_unbound: ended })).toBe(true);
    expect(wasUnbound(unbound, unbound)).toBe(false);
    expect(wasUnbound(unbound, bound)).toBe(false);
  });
});
