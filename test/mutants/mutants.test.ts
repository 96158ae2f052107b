// Does anybody notice? Each deliberately broken variant must fail the property and crash tests, and the unchanged copy
// must pass them. Run by `npm run test:mutants`; seeds are fixed, so that the same variants die the same way each time.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { buildCopy } from "./copy.js";
import { mutants, type Mutant } from "./mutants.js";

const seed = process.env["JITNODE_TEST_SEED"] ?? "20260101";

type Verdict = { readonly failed: boolean; readonly output: string; readonly seconds: number };

/** The property and crash tests of this checkout, against the programs of that one. */
async function judge(root: string): Promise<Verdict> {
  const started = performance.now();
  const vitest = join(checkout(), "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--project", "property", "--project", "crash", "--bail", "1", "--reporter", "verbose"];
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: checkout(),
    env: {
      PATH,
      HOME,
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      JITNODE_TEST_ROOT: root,
      JITNODE_TEST_SEED: seed,
      // A smaller counterexample is nobody's concern here.
      JITNODE_TEST_SHRINK: "0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => (output += part));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  return { failed: code !== 0, output, seconds: Math.round((performance.now() - started) / 1000) };
}

const firstLines = (text: string): string => text.split("\n").slice(0, 12).join("\n");

test("the unchanged copy passes", async () => {
  const { failed, output, seconds } = await judge(buildCopy([]));
  expect(failed, output).toBe(false);
  console.log(`unchanged: passed in ${seconds} s`);
});

test.each<Mutant>([...mutants])("noticed: $name", async ({ name, breaks, changes }) => {
  const { failed, output, seconds } = await judge(buildCopy(changes));
  expect(failed, `nobody noticed that ${breaks}\n${output}`).toBe(true);
  // Failing is not enough: it must be a test of ours that says so, not a program that never came up.
  const why = /(?:came to|broken:|the database holds|killed at any step)[^]*/.exec(output)?.[0];
  expect(why, output).toBeDefined();
  console.log(`${name}: noticed in ${seconds} s\n${firstLines(why ?? "")}`);
});
