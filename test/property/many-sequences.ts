// Owns running many random sequences on one database: how many, from which seed, and what is told about them.
import fc from "fast-check";
import { sequences } from "./commands.js";
import { createRealNode } from "./real-node.js";
import { runsOr, seedFor } from "./runs.js";
import { runSequence } from "./sequence.js";
import { createWorld, type Dialect } from "./world.js";

const people = 4;
const orgs = 2;
const nodes = 3;
/** Commands or small groups of them in one sequence, at most. */
const length = 12;
const few = 12;

/** `JITNODE_TEST_SHOW=1`: what the sequences were made of, to see whether they say anything. */
function createCounts() {
  const seen = new Map<string, number>();
  return {
    onStep(line: string, outcome: string): void {
      const commands = [...line.matchAll(/"do":"([a-z-]+)"/g)].map((match) => match[1]).join(" beside ");
      const what = `${line.startsWith("again") ? "again " : ""}${commands} → ${outcome}`;
      seen.set(what, (seen.get(what) ?? 0) + 1);
    },
    show: () =>
      [...seen]
        .toSorted(([, one], [, other]) => other - one)
        .map(([what, count]) => `${count} × ${what}`)
        .join("\n"),
  };
}

export async function runManySequences(dialect: Dialect): Promise<void> {
  const world = await createWorld({ dialect, people });
  const real = await createRealNode({ socket: () => world.daemon().socket, server: world.issuer });
  const counts = createCounts();
  let runs = 0;
  const property = fc.asyncProperty(sequences({ people, orgs, nodes }, length), async (commands) => {
    // Shrinking plays sequences again: each time with organizations and nodes of its own.
    runs += 1;
    await runSequence(commands, { world, real, prefix: `s${runs}`, nodes, onStep: counts.onStep });
  });
  await fc.assert(property, {
    seed: seedFor(`sequences on ${dialect}`),
    numRuns: runsOr(few),
    endOnFailure: process.env["JITNODE_TEST_SHRINK"] === "0",
  });
  if (process.env["JITNODE_TEST_SHOW"] === "1") console.log(counts.show());
}
