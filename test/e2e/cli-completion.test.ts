// Completion scripts: run in the real shell where there is one; bash is everywhere the suite runs.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { errorOf, jsonOf } from "./cli-site.js";
import { runCli } from "../support/programs.js";
import { temporaryFolder } from "../support/temporary.js";
import { openProgram } from "./terminal.js";

const scripts = new Map<string, string>();

beforeAll(async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const result = await runCli(["completion", shell]);
    expect(result, result.stderr).toMatchObject({ code: 0, stderr: "" });
    const file = join(temporaryFolder({ scope: "file" }), `completion.${shell}`);
    writeFileSync(file, result.stdout);
    scripts.set(shell, file);
  }
});

const isInstalled = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

/** What bash offers after these words; the last one is being typed. */
function bash(...words: readonly string[]): readonly string[] {
  const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _jitnode; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync("bash", [
    "--norc",
    "-uc",
    program,
    "bash",
    scripts.get("bash") ?? "",
    "jitnode",
    ...words,
  ]);
  return printed.toString().trim().split("\n");
}

describe("bash", () => {
  test("offers commands, and the commands under them", () => {
    expect(bash("")).toEqual(expect.arrayContaining(["activate", "org", "node", "--json"]));
    expect(bash("or")).toEqual(["org"]);
    expect(bash("org", "c")).toEqual(["create", "code"]);
    expect(bash("org", "code", "")).toEqual(expect.arrayContaining(["refresh", "--json"]));
    expect(bash("node", "")).toEqual(expect.arrayContaining(["show", "unbind"]));
    expect(bash("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
  });

  test("offers a command's own options and their values", () => {
    expect(bash("activate", "--cr")).toEqual(["--create-org"]);
    expect(bash("status", "--w")).toEqual(["--watch"]);
    expect(bash("org", "list", "--w")).toEqual([""]);
    expect(bash("org", "list", "--s")).toEqual(["--server"]);
    expect(bash("status", "--s")).toEqual([""]);
    expect(bash("wait", "--for", "")).toEqual(["bound", "connected", "unbound"]);
  });

  test("passes over options and their values on the way", () => {
    expect(bash("--server", "https://control.example.com", "org", "--json", "mem")).toEqual(["members"]);
    expect(bash("--org", "")).toEqual([""]);
    // After an argument the place stays: no commands, but options.
    expect(bash("org", "remove", "JP_x", "--y")).toEqual(["--yes"]);
  });

  test("offers files where a file is wanted", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "code.txt"), "");
    expect(bash("activate", "--binding-code-file", `${folder}/c`)).toEqual([join(folder, "code.txt")]);
  });

  test("is registered for jitnode when the script is sourced", () => {
    const printed = execFileSync("bash", [
      "--norc",
      "-c",
      `source "$1"; complete -p jitnode`,
      "bash",
      scripts.get("bash") ?? "",
    ]);
    expect(printed.toString()).toContain("-F _jitnode jitnode");
  });
});

// zsh and fish are on few machines, and the suite installs nothing: there the scripts are run; everywhere they hold the
// same commands and options as bash's, which is run.
describe.each(["zsh", "fish"])("%s", (shell) => {
  const source = (): string => execFileSync("cat", [scripts.get(shell) ?? ""]).toString();

  test("holds every command and option that bash offers", () => {
    const text = source();
    for (const words of [[], ["org"], ["org", "code"], ["node"], ["activate"], ["wait"]]) {
      for (const offered of bash(...words, "")) {
        const bare = offered.replace(/^--/, "");
        expect(text, `${words.join(" ")} ${offered}`).toMatch(new RegExp(`['\\s]-{0,2}${bare}['\\s:]`));
      }
    }
    // Quotes are balanced: none of the texts breaks out of its own.
    for (const line of text.split("\n")) expect(line.replaceAll(/"[^"]*"/g, "").split("'").length % 2, line).toBe(1);
  });

  test("is understood by the shell, where there is one", () => {
    const file = scripts.get(shell) ?? "";
    if (!isInstalled(shell)) return expect(source()).toContain("jitnode");
    expect(execFileSync(shell, ["-n", file]).toString()).toBe("");
    if (shell !== "fish") return pressTabInZsh(file);
    const offered = execFileSync("fish", ["-N", "-c", `source ${file}; complete -C 'jitnode org code '`]).toString();
    expect(offered).toMatch(/^refresh\t/m);
  });
});

/** zsh completes at a terminal only, so somebody presses Tab there. */
async function pressTabInZsh(file: string): Promise<void> {
  const home = temporaryFolder();
  const zsh = openProgram("zsh", ["-f", "-i"], { home, env: { PATH: process.env["PATH"], PS1: "> " } });
  zsh.type(`autoload -Uz compinit && compinit -u && source '${file}' && echo rea''dy\r`);
  await zsh.waitFor(/\bready\n/);
  const clearLine = "\u0015";
  for (const [typed, completed] of [
    ["jitnode org co", /jitnode org code /],
    ["jitnode org code re", /code refresh /],
    ["jitnode activate --cr", /activate --create-org /],
    ["jitnode wait --for ", /bound +connected +unbound/],
  ] as const) {
    zsh.type(`${clearLine}${typed}\t`);
    await zsh.waitFor(completed);
  }
  zsh.type(`${clearLine}exit\r`);
  await zsh.exited;
}

test("other shells are refused; with --json the script is a member", async () => {
  const other = await runCli(["completion", "tcsh", "--json"]);
  expect([other.code, errorOf(other)]).toMatchObject([2, { code: "usage", hint: "Use bash, zsh, fish." }]);
  expect(jsonOf(await runCli(["completion", "bash", "--json"]), "completion")).toMatchObject({ shell: "bash" });
});
