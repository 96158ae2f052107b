import { describe, expect, test } from "vitest";
import { columns } from "../../../src/cli/output/columns.js";
import { toJson } from "../../../src/cli/output/json.js";
import { line, toLines } from "../../../src/cli/output/line.js";
import { createOutput } from "../../../src/cli/output/output.js";
import { loadStyle } from "../../../src/cli/output/style.js";
import { readForms } from "../../../src/cli/commands/dev/form-client.js";
import { childEnvironment, exportLines } from "../../../src/cli/commands/dev/settings.js";
import { createClock } from "../../../src/platform/clock.js";
import { runInShell } from "./shell.js";

const hostile = "a\u001b[2J\u202eb\nc\u0085";

describe("text from elsewhere", () => {
  test("is escaped in every line", () => {
    expect(line`Name: ${hostile}.`).toBe("Name: a\\u{1b}[2J\\u{202e}b\\u{a}c\\u{85}.");
    expect(toLines("one\n\u001b]0;title\u0007")).toEqual(["one", "\\u{1b}]0;title\\u{7}"]);
  });

  test("is escaped once: a line may stand in a line", () => {
    expect(line`<${line`${hostile}`}>`).toBe(line`<${hostile}>`);
  });

  test("cannot break columns", () => {
    expect(
      columns([
        ["ID", "NAME"],
        ["a\u001b[1m", "x"],
      ]),
    ).toEqual(["ID          NAME", "a\\u{1b}[1m  x"]);
  });

  test("stays the same text in JSON that a terminal may see", () => {
    const json = toJson({ name: `${hostile}𐀀\u{e0001}` });
    expect(JSON.parse(json)).toEqual({ name: `${hostile}𐀀\u{e0001}` });
    expect(json).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Cn}]*$/u);
  });
});

test("on a terminal without columns progress is plain lines, since none would ever fit", async () => {
  const written: string[] = [];
  const stream = (columns: number) =>
    ({ isTTY: true, columns, write: (text: string) => written.push(text) }) as unknown as NodeJS.WriteStream;
  const clock = createClock();
  const style = await loadStyle(false);
  const output = createOutput({ json: false, stdout: stream(0), stderr: stream(0), clock, style });
  const progress = await output.progress(line`Waiting…`);
  progress.update(line`Still waiting…`);
  progress.stop();
  expect(written).toEqual(["Waiting…\n", "Still waiting…\n"]);
});

describe("the env file of jitnode dev", () => {
  test("survives any shell, whatever is in a path", async () => {
    const value = '/tmp/it\'s $HOME `x` "q" \\ ünï';
    const shown = await runInShell(`${exportLines({ JITNODE_SOCKET: value })}printf %s "$JITNODE_SOCKET"`);
    expect(shown).toBe(value);
  });

  test("the programs get no setting of the person's own but how to log", () => {
    const outer = { PATH: "/bin", JITNODE_ORG: "acme", JITNODE_LOG_LEVEL: "debug" };
    expect(childEnvironment(outer, { JITNODE_SERVER: "http://127.0.0.1:1" })).toEqual({
      PATH: "/bin",
      JITNODE_LOG_LEVEL: "debug",
      JITNODE_SERVER: "http://127.0.0.1:1",
    });
  });
});

test("forms of a page are read with their hidden values, and entities are decoded", () => {
  const [whole] = readForms(
    `<form method="post" action="/x?a=1&amp;b=2"><input type="hidden" name="csrf" value="&quot;t&#39;">
     <input id="number" name="number" type="text"><input type="radio" name="way" value="use"></form>`,
    "/here",
  );
  expect(whole?.action).toBe("/x?a=1&b=2");
  expect([...(whole?.values ?? [])]).toEqual([["csrf", "\"t'"]]);
  expect([...(whole?.names ?? [])]).toEqual(["csrf", "number", "way"]);
});
