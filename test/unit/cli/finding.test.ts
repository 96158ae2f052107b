import { describe, expect, test } from "vitest";
import { findCommand } from "../../../src/cli/find-command.js";
import { JitnodeError } from "../../../src/protocol/errors.js";

function found(typed: string): string {
  const result = findCommand(typed.split(" ").filter((word) => word !== ""));
  return result.kind === "help"
    ? `help ${result.words.join(" ")}`.trim()
    : `${result.entry.words.join(" ")} | ${result.rest.join(" ")}`.trim();
}

function refused(typed: string): JitnodeError {
  try {
    found(typed);
  } catch (error) {
    if (error instanceof JitnodeError) return error;
  }
  throw new Error(`${typed} was not refused`);
}

describe("the command in what was typed", () => {
  test.each([
    ["org code", "org code |"],
    ["org code refresh", "org code refresh |"],
    ["org --json code --org acme refresh", "org code refresh | --json --org acme"],
    ["--server https://control.example.com whoami", "whoami | --server https://control.example.com"],
    ["org remove JP_8f3kQ2mZ7pVbT4sW --yes", "org remove | JP_8f3kQ2mZ7pVbT4sW --yes"],
    ["--version --json", "version | --json"],
    // Words after -- are arguments, whatever they are.
    ["node show -- --help", "node show | -- --help"],
  ])("%s is %s", (typed, expected) => expect(found(typed)).toBe(expected));

  test.each([
    ["", "help"],
    ["--help", "help"],
    ["help org", "help org"],
    ["org --help", "help org"],
    ["org code refresh --help", "help org code refresh"],
    ["help org code refresh", "help org code refresh"],
    ["status -h", "help status"],
  ])("%s asks for %s", (typed, expected) => expect(found(typed)).toBe(expected));

  test.each([
    ["statsu", "Did you mean jitnode status?"],
    ["org mebers", "Did you mean jitnode org members?"],
    ["members", "Did you mean jitnode org members?"],
  ])("%s is corrected: %s", (typed, hint) => {
    expect(refused(typed)).toMatchObject({ code: "usage", exitCode: 2, hint });
  });

  test("a word after a whole command could be its argument: that is the parser's to refuse", () => {
    expect(found("org code refrehs")).toBe("org code | refrehs");
  });

  test("half a command names what may follow", () => {
    expect(refused("node").message).toBe("jitnode node needs one more word: show, unbind.");
  });

  test("an option without a command is refused", () => {
    expect(refused("--jsn")).toMatchObject({
      message: "There is no option --jsn without a command.",
      hint: "Did you mean jitnode --json?",
    });
    expect(refused("--token=secret").message).toBe("There is no option --token without a command.");
  });

  test.each(["--json", "--version"])("%s with a value is refused for that", (option) => {
    expect(refused(`${option}=true`)).toMatchObject({
      message: `The option ${option} takes no value.`,
      hint: "See jitnode --help.",
    });
  });

  test.each([
    ["org CLMZ-PWXQ-TSVT", "A binding code is no command."],
    ["org clmz pwxq tsvt", "A binding code is no command."],
    ["help CLMZ-PWXQ-TSVA-C", "A binding code is no command."],
    ["--CLMZ-PWXQ-TSVT-C", "There is no option … without a command."],
  ])("what may be a binding code is not repeated: %s", (typed, message) => {
    expect(refused(typed).message).toBe(message);
  });

  test("what was typed reaches the message escaped", () => {
    expect(refused("st\u001b[2Jatus").message).not.toContain("\u001b");
  });
});
