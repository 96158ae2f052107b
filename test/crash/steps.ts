// Owns the list of steps at which programs are killed: read from a recorded run, so a step that is new in a program is
// covered without anybody writing it down.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkout } from "../support/checkout.js";
import { temporaryFolder } from "../support/temporary.js";

export type Victim = "control" | "daemon" | "cli";

/** When the killed program comes back: at once, after the retry window, after the expiry of the code. */
export const returns = ["at once", "after the retry window", "after the code's expiry"] as const;
export type Return = (typeof returns)[number];

export type Kill = { readonly victim: Victim; readonly step: string; readonly back: Return };

/** As JavaScript, once: taking the types away anew in each program costs more than starting some of them. */
function compilePreload(): string {
  const file = join(temporaryFolder({ scope: "file" }), "preload.mjs");
  writeFileSync(file, stripTypeScriptTypes(readFileSync(new URL("./preload.ts", import.meta.url), "utf8")));
  return pathToFileURL(file).href;
}
const preload = compilePreload();

function withPreload(more: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    NODE_OPTIONS: `--import=${preload}`,
    CRASH_ROOT: checkout(),
    ...more,
  };
}

export const recording = (file: string) => withPreload({ CRASH_RECORD: file });
export const haltingAt = (step: string) => withPreload({ CRASH_AT: step });
export const halted = /^stands still at /;

/** The steps of a recorded run, in order. */
export const readSteps = (file: string): readonly string[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
