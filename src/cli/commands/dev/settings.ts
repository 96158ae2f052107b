// The settings under which `jitnode dev` starts its programs, and the file that gives a second terminal the same ones.

import { readFileIfThere, writeFileAtomic } from "../../../platform/atomic-file.js";
import { findFreePort } from "../../../platform/ports.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { asJson } from "../../../protocol/parse.js";
import { Type, open, type Static } from "../../../protocol/schema.js";
import type { Environment } from "../../../config/read.js";
import type { DevFolder } from "./folder.js";

const port = Type.Integer({ minimum: 1, maximum: 65_535 });
const keptPorts = open({ control: port, metrics: port });
export type Ports = Readonly<Static<typeof keptPorts>>;

/** The same ones at every start: the control plane's URL is part of the node's binding. */
export async function choosePorts(folder: DevFolder): Promise<Ports> {
  const source = await readFileIfThere(folder.ports);
  const kept = source === undefined ? undefined : asJson(keptPorts, source);
  if (kept !== undefined && (await findFreePort(kept.control)) === undefined) {
    throw new JitnodeError("address_in_use", {
      message: `Port ${kept.control}, at which this node knows its control plane, is taken by another program.`,
      hint: "Stop that program, or remove .jitnode-dev to start afresh.",
    });
  }
  const control = kept?.control ?? (await findFreePort(0));
  const metrics = (kept === undefined ? undefined : await findFreePort(kept.metrics)) ?? (await findFreePort(0));
  if (control === undefined || metrics === undefined) throw new JitnodeError("address_in_use");
  const ports = { control, metrics };
  await writeFileAtomic(folder.ports, `${JSON.stringify(ports)}\n`);
  return ports;
}

export const serverOf = (ports: Ports): string => `http://127.0.0.1:${ports.control}`;

/** What the env file exports. */
export function devVariables(folder: DevFolder, ports: Ports, socket: string): Readonly<Record<string, string>> {
  return {
    JITNODE_SERVER: serverOf(ports),
    JITNODE_SOCKET: socket,
    JITNODE_STATE_DIR: folder.node,
    JITNODE_CONFIG_DIR: folder.config,
    JITNODE_CONTROL_DATA_DIR: folder.control,
    JITNODE_CONTROL_LISTEN: `127.0.0.1:${ports.control}`,
    JITNODE_CONTROL_METRICS_LISTEN: `127.0.0.1:${ports.metrics}`,
    JITNODE_CONTROL_DEVICE_INTERVAL: "1",
  };
}

/** How to log stays the person's choice; every other setting is ours. */
const kept = new Set(["JITNODE_LOG_LEVEL", "JITNODE_LOG_FORMAT"]);

export function childEnvironment(outer: Environment, variables: Readonly<Record<string, string>>): Environment {
  const others = Object.entries(outer).filter(([name]) => !name.startsWith("JITNODE_") || kept.has(name));
  return { ...Object.fromEntries(others), ...variables };
}

/** For `. ./.jitnode-dev/env` in any POSIX shell. */
export const exportLines = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("");
