// Owns the recorded states in test/fixtures/state: where they are, and a copy of one to start programs on.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary.js";

export const stateFolder = fileURLToPath(new URL("../fixtures/state", import.meta.url));

/** In every recorded binding: an address of the loopback network that nothing else listens on. */
export const recordedAddress = "127.70.70.1:7070";

export const recordedFiles = {
  control: ["control.db", "control.key"],
  bound: ["node.db", "node.key"],
  unbound: ["node.db", "node.key"],
} as const;

export type Facts = {
  readonly schema: number;
  readonly bindingCode: string;
  readonly bound: object;
  readonly boundNode: string;
  readonly unboundNode: string;
};

export const recordedSchemas = (): readonly string[] => readdirSync(stateFolder).sort();

/** The folders `control`, `bound` and `unbound` as they were, with the modes that git does not keep. */
export function copyRecorded(schema: string): { readonly folder: string; readonly facts: Facts } {
  const folder = temporaryFolder();
  for (const [part, files] of Object.entries(recordedFiles)) {
    mkdirSync(join(folder, part), { mode: 0o700 });
    for (const file of files) {
      copyFileSync(join(stateFolder, schema, part, file), join(folder, part, file));
      chmodSync(join(folder, part, file), 0o600);
    }
  }
  return { folder, facts: JSON.parse(readFileSync(join(stateFolder, schema, "facts.json"), "utf8")) as Facts };
}
