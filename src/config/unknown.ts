// Variables that look like settings and are none: most often a slip of the finger in the name of one.

import type { Environment } from "./read.js";
import { settings, type Setting } from "./settings.js";
import { signInPrefix } from "./sign-ins.js";

const prefix = "JITNODE_CONTROL_";

/** Names in alphabetical order. Those of sign-in providers are left out: an unknown one of them is an error. */
export function unknownControlSettings(environment: Environment): readonly string[] {
  const known = new Set(
    Object.values<Setting>(settings).flatMap(({ variable, secret }) =>
      secret === true ? [variable, `${variable}_FILE`] : [variable],
    ),
  );
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !name.startsWith(signInPrefix) && !known.has(name))
    .sort();
}
