// Does anybody notice? Each deliberately broken variant must fail the property or the crash tests, and the unchanged copy
// must pass both. Run by `npm run test:mutants`; seeds are fixed, so that the same variants die the same way each time.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { buildCopy } from "./copy.js";
import { mutants, type Mutant } from "./mutants.js";

type Project = "property" | "crash";
type Verdict = { readonly failed: boolean; readonly output: string };

const seed = process.env["JITNODE_TEST_SEED"] ?? "20260101";

/** The property or the crash tests of this checkout, against the programs of that one. */
async function judge(project: Project, root: string, more: Readonly<Record<string, string>> = {}): Promise<Verdict> {
  const vitest = join(checkout(), "node_modules", "vitest", "vitest.mjs");
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, [vitest, "run", "--project", project, "--bail", "1", "--reporter", "verbose"], {
    cwd: checkout(),
    env: {
      PATH,
      HOME,
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      NO_COLOR: "1",
      JITNODE_TEST_ROOT: root,
      JITNODE_TEST_SEED: seed,
      // A smaller counterexample is nobody's concern here.
      JITNODE_TEST_SHRINK: "0",
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => (output += part));
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  return { failed: code !== 0, output };
}

/** What a test of ours said; undefined where something else failed, such as a program that never came up. */
const complaint = (output: string): string | undefined =>
  /(?:Error: )(.*(?:came to|broken:|the database holds|ought to be|is not|, (?:control|daemon|cli), |undisturbed).*)/.exec(
    output,
  )?.[1];

test("the unchanged copy passes", async () => {
  const root = buildCopy([]);
  for (const project of ["property", "crash"] as const) {
    const { failed, output } = await judge(project, root);
    expect(failed, output).toBe(false);
  }
});

test.each<Mutant>([...mutants])("noticed: $name", async ({ name, breaks, changes, crashes }) => {
  const root = buildCopy(changes);
  const crash = ["crash", crashes === undefined ? {} : { JITNODE_TEST_ONLY: crashes }] as const;
  const property = ["property", {}] as const;
  const said: string[] = [];
  // Where a mutant names the steps to look at, there first.
  for (const [project, more] of crashes === undefined ? [property, crash] : [crash, property]) {
    const started = performance.now();
    const { failed, output } = await judge(project, root, more);
    said.push(output);
    if (!failed) continue;
    const why = complaint(output);
    expect(why, output).toBeDefined();
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`${name}: noticed by the ${project} tests in ${seconds} s\n  ${(why ?? "").slice(0, 300)}`);
    return;
  }
  expect.fail(`nobody noticed that ${breaks}\n${said.join("\n")}`);
});
