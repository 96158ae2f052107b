import { describe, expect, test } from "vitest";
import { parseDuration } from "../../../src/cli/duration.js";
import { parseInput } from "../../../src/cli/parse-input.js";
import { command as activate } from "../../../src/cli/commands/activate/activate.js";
import { command as wait } from "../../../src/cli/commands/status/wait.js";
import { command as remove } from "../../../src/cli/commands/org/remove.js";
import { table } from "../../../src/cli/table.js";
import { suggestId } from "../../../src/cli/organization-prompts.js";

describe("options and arguments", () => {
  test("are read by their names", () => {
    const { input, json, mayAsk, org } = parseInput(["activate"], activate, [
      "--json",
      "--no-input",
      "--create-org=acme",
      "--org-name",
      "Acme Inc.",
      "--accept-agreement",
    ]);
    expect([json, mayAsk, org]).toEqual([true, false, undefined]);
    expect(input.option("create-org")).toBe("acme");
    expect(input.option("org-name")).toBe("Acme Inc.");
    expect(input.has("accept-agreement")).toBe(true);
    expect(input.has("web")).toBe(false);
  });

  test("an argument may follow --", () => {
    expect(parseInput(["org", "remove"], remove, ["--", "JP_x"]).input.argument("ACCOUNT_ID")).toBe("JP_x");
  });

  test.each([
    [["--jsn"], "Unknown option '--jsn'.", "Did you mean --json?"],
    [["--timeuot=5m"], "Unknown option '--timeuot'.", "Did you mean --timeout?"],
    [["--fly"], "Unknown option '--fly'.", /See jitnode wait/],
    [["--for", "tea"], /Allowed choices are bound, connected, unbound/, /See jitnode wait/],
    [["--timeout"], /argument missing/, /See jitnode wait/],
    [["--timeout", ""], /is empty/, /See jitnode wait/],
    [["--json=true"], "Option '--json' takes no value.", /See jitnode wait/],
    [["--clmz-pwxq-tsvt"], "Unknown option '…'.", /See jitnode wait/],
    [["--for", "CLMZ-PWXQ-TSVT"], /argument '…' is invalid/, /See jitnode wait/],
    [["more"], "Too many arguments: jitnode wait takes none.", /See jitnode wait/],
  ])("%j is refused", (argv, message, hint) => {
    const parse = (): unknown => parseInput(["wait"], wait, argv);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: "usage", exitCode: 2 }));
    expect(parse).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) as unknown }));
  });

  test.each([
    ["server", ["status", "wait", "health", "version", "completion", "dev"]],
    [
      "org",
      [
        "status",
        "wait",
        "health",
        "login",
        "logout",
        "whoami",
        "org list",
        "org create",
        "version",
        "completion",
        "dev",
      ],
    ],
  ])("--%s is refused by the commands it means nothing to, and by no other", async (option, others) => {
    const refusing: string[] = [];
    for (const { words, load } of table) {
      const command = await load();
      const given = (command.arguments ?? []).map(() => "x");
      try {
        expect(parseInput(words, command, [...given, `--${option}`, "x"])[option as "server" | "org"]).toBe("x");
      } catch (error) {
        expect(error).toMatchObject({ code: "usage", message: `jitnode ${words.join(" ")} takes no --${option}.` });
        refusing.push(words.join(" "));
      }
    }
    expect(refusing).toEqual(others);
  });

  test.each([
    ["server", "--server is for commands that ask a control plane. See jitnode wait --help."],
    ["org", "--org is for commands about one organization. See jitnode wait --help."],
  ])("--%s without its value is refused as such where it means nothing; the hint explains it alone", (option, hint) => {
    for (const argv of [[`--${option}`], [`--${option}`, "--json"]]) {
      const refusal = { message: `jitnode wait takes no --${option}.`, hint };
      expect(() => parseInput(["wait"], wait, argv)).toThrow(expect.objectContaining(refusal));
    }
    expect(() => parseInput(["activate"], activate, [`--${option}`])).toThrow(/argument missing/);
  });

  test("a missing argument is refused", () => {
    expect(() => parseInput(["org", "remove"], remove, [])).toThrow(/missing required argument 'ACCOUNT_ID'/i);
  });
});

describe("times", () => {
  test.each([
    ["30", 30_000],
    ["500ms", 500],
    ["10m", 600_000],
    ["2h", 7_200_000],
  ])("%s is %d ms", (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  test.each(["", "0", "-1s", "1.5h", "ten", "99999d", "1 m", "\u001b[2J"])("%j is none", (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

test.each([
  ["Acme Inc.", "acme-inc"],
  ["Größe & Söhne GmbH", "grosse-sohne-gmbh"],
  ["3M Company", "m-company"],
  ["New", undefined],
  ["織部", undefined],
  ["Ab", undefined],
  ["x".repeat(80), "x".repeat(40)],
])("an ID is suggested from the name %j: %s", (name, id) => expect(suggestId(name)).toBe(id));
