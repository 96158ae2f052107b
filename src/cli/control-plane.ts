// Which control plane and which organization a command means, and the stored session for it (DESIGN section 6).

import { asDaemonStatus } from "./daemon-status.js";
import type { ControlTransport } from "../client/control-transport.js";
import type { PeopleClient } from "../client/people.js";
import type { Session } from "../client/sessions.js";
import type { StoredSession } from "../client/session-store.js";
import type { KeyPair } from "../identity/keys.js";
import { JitnodeError } from "../protocol/errors.js";
import type { Organization } from "../protocol/people.js";
import type { Context } from "./context.js";
import { line } from "./output/line.js";

/** --server, JITNODE_SERVER, the daemon's, the only stored session's; as an issuer. */
export async function resolveServer(context: Context): Promise<string> {
  const { parseServer } = await import("../client/control-transport.js");
  const allowHttp = context.settings.boolean("allowHttp");
  const given = context.settings.text("server");
  if (given !== undefined) return parseServer(given, allowHttp);
  const status = await asDaemonStatus(context);
  const daemons = status?.binding?.server ?? status?.server ?? undefined;
  if (daemons !== undefined) return parseServer(daemons, allowHttp);
  const [only, ...others] = await (await context.sessions()).issuers();
  if (only !== undefined && others.length === 0) return only;
  throw new JitnodeError("server_required", {
    message:
      only === undefined
        ? "It is not known which control plane is meant."
        : "There are sessions at more than one control plane.",
    hint: "Name it with --server URL or JITNODE_SERVER.",
  });
}

export async function createTransport(context: Context, issuer: string, key: KeyPair): Promise<ControlTransport> {
  const { createControlTransport } = await import("../client/control-transport.js");
  const { clock, random, settings } = context;
  const http = await context.http();
  return createControlTransport({ server: issuer, http, key, clock, random, allowHttp: settings.boolean("allowHttp") });
}

/** A session of what is stored, or of what was just granted; `keep`: its rotated tokens go to disk. */
export async function createSessionOf(
  context: Context,
  issuer: string,
  stored: StoredSession,
  keep: boolean,
): Promise<Session> {
  const { createSession, keyOf } = await import("../client/sessions.js");
  const transport = await createTransport(context, issuer, keyOf(stored));
  return createSession({
    transport,
    stored,
    clock: context.clock,
    signal: context.signal,
    store: keep ? await context.sessions() : undefined,
    onNotStored: () =>
      context.output.warn(line`The renewed session could not be written; it lasts for this command only.`),
  });
}

export async function asStoredSession(context: Context, issuer: string): Promise<Session | undefined> {
  const stored = await (await context.sessions()).read(issuer);
  return stored === undefined ? undefined : createSessionOf(context, issuer, stored, true);
}

export async function createPeople(context: Context, session: Session): Promise<PeopleClient> {
  const { createPeopleClient } = await import("../client/people.js");
  const { clock, random, signal } = context;
  return createPeopleClient({ session, clock, random, signal });
}

/** The people's API with the stored session; throws `sign_in_needed`. */
export async function openPeople(context: Context): Promise<PeopleClient> {
  const issuer = await resolveServer(context);
  const session = await asStoredSession(context, issuer);
  if (session === undefined) {
    throw new JitnodeError("sign_in_needed", { message: line`You are not signed in at ${issuer}.` });
  }
  return createPeople(context, session);
}

/** This node's organization, where the daemon runs and belongs to the same control plane. */
export async function asNodesOrganization(context: Context, issuer: string): Promise<string | undefined> {
  const binding = (await asDaemonStatus(context))?.binding;
  if (binding === undefined || binding === null) return undefined;
  return URL.canParse(binding.server) && new URL(binding.server).origin === issuer
    ? binding.organization.id
    : undefined;
}

/** --org, JITNODE_ORG, this node's organization, the only membership; else asks, or throws `org_choice_needed`. */
export async function resolveOrganization(context: Context, people: PeopleClient): Promise<string> {
  const named = context.settings.text("org") ?? (await asNodesOrganization(context, people.issuer));
  if (named !== undefined) return named;
  const [only, ...others] = await people.organizations();
  if (only === undefined) {
    throw new JitnodeError("org_choice_needed", {
      message: "You do not belong to any organization there.",
      hint: "Create one with `jitnode org create`, or join one with `jitnode org join`.",
    });
  }
  if (others.length === 0) return only.id;
  if (!context.prompts.possible) throw new JitnodeError("org_choice_needed");
  return context.prompts.choose(line`Which organization?`, [toChoice(only), ...others.map(toChoice)]);
}

export const toChoice = ({ id, name }: Organization) => ({ label: line`${id}  ${name}`, value: id });
