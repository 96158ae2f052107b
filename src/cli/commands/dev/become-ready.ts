// From running programs to a bound node, by nothing but what everybody may use: the set-up link, the pages, the sign-in of
// the command line, `jitnode activate`. What is done already, by an earlier start, is left as it is.

import type { PeopleClient } from "../../../client/people.js";
import type { Environment } from "../../../config/read.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import type { Status } from "../../../protocol/local.js";
import type { Context } from "../../context.js";
import { asStoredSession, createPeople } from "../../control-plane.js";
import { keepSession } from "../../keep-session.js";
import { line } from "../../output/line.js";
import { signIn } from "../../sign-in.js";
import type { DevAccount } from "./account.js";
import { createDevPerson } from "./person.js";
import { runProgram } from "./programs.js";
import type { DevSummary } from "./summary.js";

export interface Ready {
  readonly server: string;
  readonly account: DevAccount;
  readonly environment: Environment;
}

/** `context` is one under the variables of the programs. */
export async function becomeReady(context: Context, ready: Ready): Promise<Pick<DevSummary, "node" | "organization">> {
  const people = (await asSignedIn(context, ready)) ?? (await signInAnew(context, ready));
  const daemon = await context.daemon();
  const before = await daemon.status();
  if (before.binding === null) await activate(context, ready, people);
  return bindingOf(await daemon.status());
}

function bindingOf({ node, binding }: Status): Pick<DevSummary, "node" | "organization"> {
  if (binding === null) throw new JitnodeError("not_bound");
  return { node: { id: node.id, name: node.name }, organization: binding.organization };
}

/** By a set-up link, which an operator prints; refused once there is an account. */
async function makeFirstAccount(context: Context, { server, account, environment }: Ready): Promise<void> {
  const link = await runProgram("jitnode-control", ["setup-link"], environment, context.signal);
  if (context.signal.aborted) throw new JitnodeError("interrupted");
  if (link.code === exitCodes.conflict) return;
  if (link.code !== exitCodes.done) throw failed("jitnode-control setup-link", link.stderr);
  const person = createDevPerson(await context.http(), server, account, context.signal);
  await person.setUp(link.stdout.trim());
}

/** By the session of an earlier start. */
async function asSignedIn(context: Context, { server }: Ready): Promise<PeopleClient | undefined> {
  const stored = await asStoredSession(context, server);
  if (stored === undefined) return undefined;
  const people = await createPeople(context, stored);
  return (await people.me().then(() => true, hasEnded)) ? people : undefined;
}

async function signInAnew(context: Context, ready: Ready): Promise<PeopleClient> {
  const { server, account } = ready;
  await makeFirstAccount(context, ready);
  const person = createDevPerson(await context.http(), server, account, context.signal);
  const fresh = await signIn(context, { issuer: server, scope: "people", show: (request) => person.approve(request) });
  await keepSession(context, fresh);
  const session = await asStoredSession(context, server);
  if (session === undefined) throw new JitnodeError("sign_in_needed");
  return createPeople(context, session);
}

function hasEnded(error: unknown): false {
  if (error instanceof JitnodeError && error.exitCode === exitCodes.signInNeeded) return false;
  throw error;
}

async function activate(context: Context, { account, environment }: Ready, people: PeopleClient): Promise<void> {
  const { id, name } = account.organization;
  const isThere = (await people.organizations()).some((organization) => organization.id === id);
  const choice = isThere ? ["--org", id] : ["--create-org", id, "--org-name", name, "--accept-agreement"];
  const run = await runProgram("jitnode", ["activate", "--no-input", ...choice], environment, context.signal);
  if (context.signal.aborted) throw new JitnodeError("interrupted");
  if (run.code !== exitCodes.done) throw failed("jitnode activate", run.stderr);
}

const failed = (what: string, stderr: string): JitnodeError =>
  new JitnodeError("internal_error", {
    message: line`${what} failed: ${stderr.trim().split("\n").slice(-2).join(" ").slice(0, 500)}`,
    hint: "See the logs in .jitnode-dev; remove that folder to start afresh.",
  });
