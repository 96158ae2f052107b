// Owns the order of the test files: what takes longest begins first, so that no worker sits alone over a long file while
// the others have ended. Vitest's own order, by project and size, is kept inside each of these steps.
import { BaseSequencer, type TestSpecification } from "vitest/node";

const steps: readonly RegExp[] = [
  /\/test\/crash\//,
  /\/test\/e2e\/browser\//,
  /\/test\/e2e\/(cli-session|dev|control-program|cli-activate|daemon)\.test/,
  /\/test\/e2e\/contract\/(postgres|sqlite)\.test/,
  /\/test\/property\//,
  /\/test\/e2e\//,
  /\/test\/integration\/daemon\/activation\.test/,
  /\/test\/integration\/control\/pages\//,
  /\/test\/integration\//,
];

const stepOf = ({ moduleId }: TestSpecification): number => {
  const found = steps.findIndex((step) => step.test(moduleId));
  return found === -1 ? steps.length : found;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => stepOf(one) - stepOf(other));
  }
}
