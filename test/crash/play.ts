// Owns playing a scenario once, from its start to the end of its flow, with or without a kill.
import { setTimeout as sleep } from "node:timers/promises";
import type { Lane } from "./lane.js";
import type { Scenario } from "./scenarios.js";
import { createScene } from "./scene.js";
import type { Kill } from "./steps.js";

/** Milliseconds; the longest absence is in it, on a busy machine. */
const patience = 60_000;

export type Crash = { readonly scenario: Scenario; readonly kill: Kill };

export const describeCrash = ({ scenario, kill }: Crash): string =>
  `${scenario.name}, ${kill.victim}, ${kill.step}, ${kill.back}`;

/** Returns whether the program was killed; throws when the flow does not come to its end, or to another one. */
export async function play(
  scenario: Scenario,
  lane: Lane,
  how: { readonly kill: Kill } | { readonly record: string },
): Promise<boolean> {
  const scene = createScene({ lane, fresh: scenario.fresh, ...how });
  const memory = new Map<string, string>();
  const deadline = performance.now() + patience;
  try {
    while (!(await scenario.attempt(scene, memory))) {
      if (performance.now() > deadline) throw new Error(`the flow did not come to its end within ${patience} ms`);
      await sleep(100);
    }
    await scenario.check(scene, memory);
    return scene.killed();
  } catch (cause) {
    const what = "kill" in how ? describeCrash({ scenario, kill: how.kill }) : `${scenario.name}, undisturbed`;
    const said = [scene.control, scene.daemon].map((lives) => lives.output()).join("\n---\n");
    throw new Error(`${what}: ${String(cause)}\n${said}`, { cause });
  } finally {
    await Promise.all([scene.control.stop(), scene.daemon.stop()]);
  }
}
