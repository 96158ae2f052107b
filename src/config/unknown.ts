// Variables that look like settings and are none: most often a slip of the finger in the name of one.

import { closest } from "../domain/closest.js";
import type { Environment } from "./read.js";
import { settings, type Program, type Setting } from "./settings.js";
import { signInPrefix } from "./sign-ins.js";

const prefix = "JITNODE_";
const controlPrefix = "JITNODE_CONTROL_";
/** The daemon leaves the control plane's settings to it; there an unknown one of a sign-in provider is an error. */
const leftOut = { daemon: controlPrefix, control: signInPrefix } as const satisfies Partial<Record<Program, string>>;

export interface UnknownSetting {
  readonly variable: string;
  /** The setting that was meant, if one is near. */
  readonly near: string | undefined;
}

const variablesOf = ({ variable, secret }: Setting): readonly string[] =>
  secret === true ? [variable, `${variable}_FILE`] : [variable];

/** Of whatever program: what is set for another one is no slip. */
const known: ReadonlySet<string> = new Set(Object.values<Setting>(settings).flatMap(variablesOf));

/** What Kubernetes sets in each container for a service named jitnode or jitnode-something. */
const isServiceLink = (variable: string, value = ""): boolean =>
  /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)/.test(variable) ||
  (variable.endsWith("_PORT") && /^(tcp|udp|sctp):/.test(value));

/** What all names begin with says nothing about how near they are. */
const bare = (variable: string): string =>
  variable.slice((variable.startsWith(controlPrefix) ? controlPrefix : prefix).length);

/** In alphabetical order. */
export function unknownSettings(environment: Environment, program: keyof typeof leftOut): readonly UnknownSetting[] {
  const meant = new Map(
    Object.values<Setting>(settings)
      .filter(({ programs }) => programs.includes(program))
      .flatMap(variablesOf)
      .flatMap((variable) => [bare(variable), variable.slice(prefix.length)].map((name) => [name, variable] as const)),
  );
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith(prefix) && !known.has(name) && !isServiceLink(name, value))
    .map(([variable]) => variable)
    .filter((variable) => !variable.startsWith(leftOut[program]))
    .sort()
    .map((variable) => ({ variable, near: meant.get(closest(bare(variable), [...meant.keys()]) ?? "") }));
}
