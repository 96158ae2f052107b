// `jitnode login`: a session that lasts, and on a bound node membership in its organization (DESIGN section 3, "First
// sign-in on a bound node").

import type { PeopleClient } from "../../../client/people.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes } from "../../../protocol/exit-codes.js";
import type { Me } from "../../../protocol/people.js";
import { askBindingCode, bindingCodeOption, readBindingCode } from "../../binding-code.js";
import { serverOption, type Command } from "../../command.js";
import type { Context } from "../../context.js";
import { asNodesOrganization, asStoredSession, createPeople, resolveServer } from "../../control-plane.js";
import { joinExpected } from "../../join-organization.js";
import { assertKeepable, keepSession } from "../../keep-session.js";
import { line } from "../../output/line.js";
import { signIn, tidyTime } from "../../sign-in.js";

export const command: Command = {
  summary: "Sign in at the control plane and stay signed in",
  description:
    "Prints a link, a code and a number, and waits until you have signed in with a browser, here or elsewhere.\n" +
    "With --no-input nobody is waited for: exit 4 where you are not signed in already.\n" +
    "On a node that is bound, whoever is not yet a member of its organization needs that organization's binding code:\n" +
    "the page asks for it. The file is for somebody who is signed in already and is no member yet.",
  options: [bindingCodeOption, serverOption],
  examples: [
    { line: "jitnode login", says: "At the control plane of this node" },
    { line: "jitnode login --server https://control.example.com", says: "At another one" },
  ],
  schema: "login",
  async run(context, input) {
    const issuer = await resolveServer(context);
    const org = await asNodesOrganization(context, issuer);
    const file = input.option(bindingCodeOption.name) ?? context.settings.text("bindingCodeFile");
    // Before anybody signs in: a mistake in the file should not cost that.
    const code = file === undefined || org === undefined ? undefined : await readBindingCode(context, file);
    const present = await asPresent(context, issuer);
    if (present !== undefined) {
      if (org !== undefined) await becomeMember(context, present.people, org, code);
      print(context, { issuer, me: present.me, stored: true, already: true });
      return exitCodes.done;
    }

    await assertKeepable(context);
    const signedIn = await signIn(context, { issuer, scope: "people", orgHint: org });
    let stored = false;
    try {
      const people = await createPeople(context, signedIn.session);
      if (org !== undefined) await becomeMember(context, people, org, code);
      stored = await keepSession(context, signedIn);
    } finally {
      if (!stored) await signedIn.session.revoke({ timeout: tidyTime });
    }
    print(context, { issuer, me: signedIn.me, stored, already: false });
    return exitCodes.done;
  },
};

interface Present {
  readonly me: Me;
  readonly people: PeopleClient;
}

/** The stored session, if it still is one. */
async function asPresent(context: Context, issuer: string): Promise<Present | undefined> {
  const session = await asStoredSession(context, issuer);
  if (session === undefined || session.scope !== "people") return undefined;
  const people = await createPeople(context, session);
  try {
    return { me: await people.me(), people };
  } catch (error) {
    if (error instanceof JitnodeError && error.exitCode === exitCodes.signInNeeded) return undefined;
    throw error;
  }
}

/** Already a member, or by the organization's binding code; throws `membership_required`. */
async function becomeMember(
  context: Context,
  people: PeopleClient,
  org: string,
  given: string | undefined,
): Promise<void> {
  if (await isMember(people, org)) return;
  if (given === undefined && !context.prompts.possible) throw new JitnodeError("membership_required");
  if (given === undefined) context.output.note(line`This node belongs to ${org}, and you are not a member of it.`);
  const code = given ?? (await askBindingCode(context, line`Binding code of ${org}`));
  await joinExpected(people, code, { org });
}

async function isMember(people: PeopleClient, org: string): Promise<boolean> {
  try {
    await people.organization(org);
    return true;
  } catch (error) {
    if (error instanceof JitnodeError && error.code === "org_not_found") return false;
    throw error;
  }
}

interface Outcome {
  readonly issuer: string;
  readonly me: Me;
  readonly stored: boolean;
  readonly already: boolean;
}

function print({ output }: Context, { issuer, me, stored, already }: Outcome): void {
  const { account, session_id } = me;
  output.result({ server: issuer, account, session_id, stored, already_signed_in: already }, () => [
    already
      ? line`You are signed in at ${issuer} as ${account.name} (${account.id}) already.`
      : line`Signed in at ${issuer} as ${account.name} (${account.id}).`,
  ]);
}
