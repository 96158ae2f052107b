import { join } from "node:path";
import { expect, test } from "vitest";
import { createNodeStore } from "../../../src/daemon/state/node-store.js";
import { openStateFile } from "../../../src/daemon/state/state-file.js";
import { createClock } from "../../../src/platform/clock.js";
import { JitnodeError } from "../../../src/protocol/errors.js";
import { onEnd } from "../../support/cleanup.js";
import { temporaryFolder } from "../../support/temporary.js";

test("a full disk and the write that fits again are told once each, with the state as it is then", () => {
  const file = openStateFile(join(temporaryFolder(), "node.db"));
  onEnd(() => file.close());
  let full = true;
  const write: typeof file.write = (patch) => {
    if (full) throw new JitnodeError("state_not_writable");
    file.write(patch);
  };
  const store = createNodeStore({ ...file, write }, createClock());
  const told: unknown[] = [];
  store.subscribe(() => told.push([store.lastWriteFailed(), store.current().server]));
  const update = (): void => store.update({ server: "https://a.example" });

  expect(update).toThrow(expect.objectContaining({ code: "state_not_writable" }));
  expect(update).toThrow();
  full = false;
  update();
  expect(told).toEqual([
    [true, undefined],
    [false, "https://a.example"],
  ]);
});

test("a check of a disk writes when nothing is known yet, and then every twenty seconds; a write of its own counts", () => {
  const file = openStateFile(join(temporaryFolder(), "node.db"));
  onEnd(() => file.close());
  let [now, probes] = [1_000_000, 0];
  const probe: typeof file.probe = () => {
    probes += 1;
    file.probe();
  };
  const store = createNodeStore({ ...file, probe }, { ...createClock(), now: () => now });
  const probesAt = (seconds: number): number => {
    now = 1_000_000 + seconds * 1000;
    expect(store.isWritable()).toBe(true);
    return probes;
  };
  expect([0, 19, 20, 39].map(probesAt)).toEqual([1, 1, 2, 2]);
  store.update({ server: "https://a.example" });
  expect([50, 58, 59].map(probesAt)).toEqual([2, 2, 3]);
});

// As the image's health check and the manifest for Kubernetes do; the guides promise it.
test("asked every half minute, a full disk is noticed within a minute, whenever it became full and was written last", () => {
  const file = openStateFile(join(temporaryFolder(), "node.db"));
  onEnd(() => file.close());
  for (let first = 0; first < 30; first += 1) {
    let [now, full] = [1_000_000, false];
    const probe = (): void => {
      if (full) throw new JitnodeError("state_not_writable");
    };
    const store = createNodeStore({ ...file, probe }, { ...createClock(), now: () => now });
    store.update({ server: "https://a.example" });
    full = true;
    const noticed = [first, first + 30].some((seconds) => {
      now = 1_000_000 + seconds * 1000;
      return !store.isWritable();
    });
    expect(noticed, `first asked ${first} s after a good write`).toBe(true);
  }
});
