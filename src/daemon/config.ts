// The daemon's settings, read once at start, with what the machine says where nothing is set.

import { parseServer } from "../client/control-transport.js";
import type { SettingsReader } from "../config/read.js";
import { asOrganizationId, type OrganizationId } from "../domain/ids.js";
import { asClaim, asName, type Claim, type Name } from "../domain/names.js";
import { readHostName, readSystem } from "../platform/machine.js";
import type { DaemonPaths } from "../platform/paths.js";
import { JitnodeError } from "../protocol/errors.js";

export interface DaemonConfig extends DaemonPaths {
  /** JITNODE_SERVER, as an origin. */
  readonly server: string | undefined;
  readonly serverCaFile: string | undefined;
  readonly allowHttp: boolean;
  readonly name: Name;
  /** JITNODE_ORG: the only organization this node may be bound to. */
  readonly expectedOrg: OrganizationId | undefined;
  readonly os: Claim;
}

export function readDaemonConfig(reader: SettingsReader, paths: DaemonPaths): DaemonConfig {
  const allowHttp = reader.boolean("allowHttp");
  const server = reader.url("server");
  return {
    ...paths,
    server: server === undefined ? undefined : parseServer(server.origin, allowHttp),
    serverCaFile: reader.text("serverCaFile"),
    allowHttp,
    name: readName(reader),
    expectedOrg: readOrg(reader),
    os: asClaim(readSystem().slice(0, 64)) ?? ("unknown" as Claim),
  };
}

function readName(reader: SettingsReader): Name {
  const given = reader.text("name");
  if (given === undefined) return nameOfHost(readHostName());
  const name = asName(given);
  if (name !== undefined) return name;
  throw new JitnodeError("setting_invalid", {
    message: "JITNODE_NAME is not valid: expected 1 to 80 characters without control or text-direction characters.",
    hint: "Correct JITNODE_NAME, or leave it out for the host name.",
  });
}

/** What cannot be in a name is left out. */
export function nameOfHost(host: string): Name {
  const name = asName(host) ?? asName(host.replace(/[^\x21-\x7e]/g, "").slice(0, 80)) ?? asName("node");
  if (name === undefined) throw new TypeError("a fixed name is a name");
  return name;
}

function readOrg(reader: SettingsReader): OrganizationId | undefined {
  const given = reader.text("org");
  const org = given === undefined ? undefined : asOrganizationId(given);
  if (given === undefined || org !== undefined) return org;
  throw new JitnodeError("setting_invalid", {
    message: "JITNODE_ORG is not valid: expected an organization ID.",
    hint: "Use 3 to 40 lower-case letters, digits and dashes, such as acme.",
  });
}
