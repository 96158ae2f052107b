// Variables that look like settings and are none: most often a slip of the finger in the name of one.

import { closest } from "../domain/closest.js";
import type { Environment } from "./read.js";
import { settings, type Setting } from "./settings.js";
import { signInPrefix } from "./sign-ins.js";

const prefix = "JITNODE_";
const controlPrefix = "JITNODE_CONTROL_";
/** Not the daemon's business: the control plane's settings, and what this project's own tests are told. */
const ofOthers = [controlPrefix, "JITNODE_TEST_", "JITNODE_CRASH_"];

const variablesOf = ({ variable, secret }: Setting): readonly string[] =>
  secret === true ? [variable, `${variable}_FILE`] : [variable];

/** Of whatever program: what is set for another one is no slip. */
const known: ReadonlySet<string> = new Set(Object.values<Setting>(settings).flatMap(variablesOf));

/** Names in alphabetical order. Those of sign-in providers are left out: an unknown one of them is an error. */
export function unknownControlSettings(environment: Environment): readonly string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(controlPrefix) && !name.startsWith(signInPrefix) && !known.has(name))
    .sort();
}

export interface UnknownSetting {
  readonly variable: string;
  /** The setting that was meant, if one is near. */
  readonly near: string | undefined;
}

/** In alphabetical order. */
export function unknownDaemonSettings(environment: Environment): readonly UnknownSetting[] {
  // What all names begin with says nothing about how near they are.
  const names = Object.values<Setting>(settings)
    .filter(({ programs }) => programs.includes("daemon"))
    .map(({ variable }) => variable.slice(prefix.length));
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.has(name) && !ofOthers.some((start) => name.startsWith(start)))
    .sort()
    .map((variable) => {
      const near = closest(variable.slice(prefix.length), names);
      return { variable, near: near === undefined ? undefined : `${prefix}${near}` };
    });
}
