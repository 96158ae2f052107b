// Random sequences of what people, organizations, codes and nodes do, through HTTP and the daemon's socket, against
// started programs; after each the database alone must hold DESIGN's invariants. See docs/… for how to repeat a failure.
import fc from "fast-check";
import { describe, test } from "vitest";
import { sequences } from "./commands.js";
import { createRealNode } from "./real-node.js";
import { runsOr, seedFor } from "./runs.js";
import { runSequence } from "./sequence.js";
import { createWorld, type Dialect } from "./world.js";

const people = 4;
const orgs = 2;
const nodes = 3;
/** Shrinking replays sequences against the same programs; longer than this nobody wants to wait for a smaller one. */
const longestShrinking = 60_000;

describe.each<Dialect>(["sqlite", "postgres"])("on %s", (dialect) => {
  test("whatever happens in whatever order, the invariants hold", async () => {
    const world = await createWorld({ dialect, people });
    const real = await createRealNode({ socket: () => world.daemon().socket, server: world.issuer });
    const seed = seedFor(`sequences on ${dialect}`);
    let runs = 0;
    const seen = new Map<string, number>();
    const onStep = (line: string, outcome: string): void => {
      const what =
        [...line.matchAll(/"do":"([a-z-]+)"/g)].map((match) => match[1]).join("|") +
        (line.startsWith("again") ? " again" : "");
      const key = `${what} → ${outcome}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    };
    await fc.assert(
      fc.asyncProperty(sequences({ people, orgs, nodes }, 14), async (commands) => {
        runs += 1;
        await runSequence(commands, { world, real, prefix: `s${runs}`, nodes, onStep });
      }),
      {
        seed,
        numRuns: runsOr(8),
        endOnFailure: process.env["JITNODE_TEST_SHRINK"] === "0",
        interruptAfterTimeLimit: longestShrinking * 1000,
      },
    );
    if (process.env["JITNODE_TEST_SHOW"] === "1") {
      console.log(
        [...seen]
          .toSorted(([, one], [, other]) => other - one)
          .map(([what, count]) => `${count} × ${what}`)
          .join("\n"),
      );
    }
  });
});
