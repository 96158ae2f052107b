// Programs are killed at every step of what they do, and come back; the person goes on; nothing is lost or half-done.
// How much of it is tried, and how to repeat a failure, stands in README.md.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runsOr, seedFor } from "../property/runs.js";
import { temporaryFolder } from "../support/temporary.js";
import { createLane, type Lane } from "./lane.js";
import { describeCrash, play, type Crash } from "./play.js";
import { sample } from "./sample.js";
import { scenarios } from "./scenarios.js";
import { recordFile } from "./scene.js";
import { readSteps, returns } from "./steps.js";

/** Each is dear to prepare; a short run has other files beside it. */
const lanes = runsOr(0) > 0 ? 3 : 2;
/** Of some twenty programs of scenarios, other ones each time. */
const few = 14;
/** So many failures tell what is wrong; each takes its time. */
const enough = 3;

/** Does the work of each item, some at a time, each lane one. */
async function share<Item>(
  all: readonly Lane[],
  items: readonly Item[],
  work: (lane: Lane, item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  await Promise.all(
    all.map(async (lane) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(lane, item);
    }),
  );
}

/** Every step of every scenario, with every kind of return. */
async function findCrashes(all: readonly Lane[]): Promise<readonly Crash[]> {
  const folder = temporaryFolder();
  const found: Crash[] = [];
  await share(all, scenarios, async (lane, scenario) => {
    const record = join(folder, String(scenarios.indexOf(scenario)));
    mkdirSync(record);
    await play(scenario, lane, { record });
    for (const victim of scenario.victims) {
      const steps = readSteps(recordFile(record, victim));
      expect(steps, `${scenario.name}: steps of ${victim}`).not.toEqual([]);
      found.push(...steps.flatMap((step) => returns.map((back) => ({ scenario, kill: { victim, step, back } }))));
    }
  });
  return found.toSorted((one, other) => (describeCrash(one) < describeCrash(other) ? -1 : 1));
}

test("killed at any step, each flow comes to its end, once", async () => {
  const seed = seedFor("crashes");
  const all = await Promise.all(Array.from({ length: lanes }, () => createLane()));
  const found = await findCrashes(all);
  const only = process.env["JITNODE_TEST_ONLY"] ?? "";
  const wanted = found.filter((crash) => describeCrash(crash).includes(only));
  const kindOf = ({ scenario, kill }: Crash): string => `${scenario.name}, ${kill.victim}`;
  const chosen = sample(wanted, runsOr(few), seed, {
    kindOf,
    unitOf: (crash) => `${kindOf(crash)}, ${crash.kill.step}`,
  });

  const failures: unknown[] = [];
  let reached = 0;
  await share(all, chosen, async (lane, { scenario, kill }) => {
    if (failures.length >= enough) return;
    try {
      if (await play(scenario, lane, { kill })) reached += 1;
    } catch (failure) {
      failures.push(failure);
    }
  });
  console.log(`crashes: ${found.length} found, ${chosen.length} tried, ${reached} of them reached`);
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n\n"));
  expect(reached).toBeGreaterThan(0);
});
