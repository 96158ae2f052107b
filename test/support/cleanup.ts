// Owns when things a test made are taken down: at the end of the test that made them, or of the test file.
import { onTestFinished } from "vitest";

export type Scope = "test" | "file";
type Step = () => Promise<void> | void;

const fileSteps: Step[] = [];

/**
 * Runs `step` when the current test ends, passed or not. Outside a test (beforeAll, top of a file), or with the scope
 * "file", it runs after the last test of the file. Later steps run first.
 */
export function onEnd(step: Step, scope: Scope = "test"): void {
  if (scope === "test") {
    try {
      onTestFinished(() => step());
      return;
    } catch {
      // No test is running: it belongs to the file.
    }
  }
  fileSteps.push(step);
}

/** Called once per file by setup.ts; programs outside the suite (benchmarks) call it themselves. */
export async function endFile(): Promise<void> {
  const failures: unknown[] = [];
  for (let step = fileSteps.pop(); step !== undefined; step = fileSteps.pop()) {
    try {
      await step();
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "cleaning up after a test file failed");
}
