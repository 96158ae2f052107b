// Programs are killed at every step of what they do, and come back; the person goes on; nothing is lost or half-done.
// By default a seeded sample of the steps, with JITNODE_TEST_RUNS that many kills, `all` in `npm run test:long`.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runsOr, seedFor } from "../property/runs.js";
import { LostAnswer } from "../property/wire.js";
import { temporaryFolder } from "../support/temporary.js";
import { createLane, type Lane } from "./lane.js";
import { sample } from "./sample.js";
import { scenarios, type Scenario } from "./scenarios.js";
import { createScene, recordFile } from "./scene.js";
import { readSteps, returns, type Kill } from "./steps.js";

const lanes = 3;
const kills = 18;
/** Of one run, from its start to the end of its flow; the longest absence is in it. */
const patience = 120_000;

async function play(scenario: Scenario, lane: Lane, how: { readonly kill?: Kill; readonly record?: string }) {
  const t0 = performance.now();
  const scene = createScene({ lane, fresh: scenario.fresh, ...how });
  const memory = new Map<string, string>();
  const deadline = performance.now() + patience;
  try {
    // A daemon that is away answers nobody: the person tries again.
    while (!(await scenario.attempt(scene, memory).catch(ifLost))) {
      if (performance.now() > deadline) throw new Error(`the flow did not come to its end within ${patience} ms`);
      await sleep(100);
    }
    await scenario.check(scene, memory);
    return scene.killed();
  } catch (cause) {
    const said = [scene.control, scene.daemon].map((lives) => lives.output()).join("\n---\n");
    throw new Error(`${scenario.name}, ${JSON.stringify(how.kill ?? "undisturbed")}: ${String(cause)}\n${said}`, {
      cause,
    });
  } finally {
    if (process.env["T"]) console.log("T", scenario.name, JSON.stringify(how), Math.round(performance.now() - t0));
    await Promise.all([scene.control.stop(), scene.daemon.stop()]);
  }
}

function ifLost(failure: unknown): false {
  if (failure instanceof LostAnswer) return false;
  throw failure;
}

/** Does the work of each item, some at a time, each lane one. */
async function share<Item>(
  all: readonly Lane[],
  items: readonly Item[],
  work: (lane: Lane, item: Item) => Promise<void>,
) {
  const left = [...items];
  await Promise.all(
    all.map(async (lane) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(lane, item);
    }),
  );
}

const describeKill = ({ scenario, kill }: { readonly scenario: Scenario; readonly kill: Kill }): string =>
  `${scenario.name}, ${kill.victim}, ${kill.step}, ${kill.back}`;

test("killed at any step, each flow comes to its end, once", async () => {
  const seed = seedFor("crashes");
  const all = await Promise.all(Array.from({ length: lanes }, () => createLane()));
  const folder = temporaryFolder();
  if (process.env["T"]) console.log("T lanes", Math.round(performance.now()));

  const found: { readonly scenario: Scenario; readonly kill: Kill }[] = [];
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

  const only = process.env["JITNODE_TEST_ONLY"] ?? "";
  const matching = found.filter((each) => describeKill(each).includes(only));
  const chosen = sample(matching, runsOr(kills), seed, ({ scenario, kill }) => `${scenario.name} ${kill.victim}`);
  const failures: unknown[] = [];
  let reached = 0;
  await share(all, chosen, async (lane, { scenario, kill }) => {
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
