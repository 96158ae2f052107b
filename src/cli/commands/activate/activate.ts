// `jitnode activate`: from an unbound daemon to a bound one (DESIGN section 3). The binding is made by the control plane
// and learned by the daemon; this command only brings the person's decision.

import { parseServer } from "../../../client/control-transport.js";
import type { PeopleClient } from "../../../client/people.js";
import { JitnodeError } from "../../../protocol/errors.js";
import { exitCodes, type ExitCode } from "../../../protocol/exit-codes.js";
import type { ActivationAnswer, LocalBinding, Status } from "../../../protocol/local.js";
import type { ApprovalAnswer } from "../../../protocol/people.js";
import { agreementOption } from "../../agreement.js";
import { bindingCodeOption, readBindingCode } from "../../binding-code.js";
import { orgOption, serverOption, type Command, type Input } from "../../command.js";
import type { Context } from "../../context.js";
import { line } from "../../output/line.js";
import { askServer } from "./ask-server.js";
import { agrees, assertComplete, assertWithin, readChoice, type Choice } from "./choice.js";
import { chooseOrganization, mayAskAgain, type Choosing } from "./choose-organization.js";
import { withPerson } from "./person.js";
import { assertOpen, interruptedAfterApproval, waitForBinding } from "./wait-for-binding.js";
import { waitForBrowser } from "./web.js";

export const command: Command = {
  summary: "Bind this node to an organization",
  description:
    "Choose the organization with one of --create-org, --org and --binding-code-file, or be asked at a terminal.\n" +
    "Whoever is not signed in gets a link, a code and a number; that session ends with the command, unless --stay-signed-in.\n" +
    "With --no-input nobody is waited for: exit 2 without a choice, and with --web; 4 where nobody is signed in.\n" +
    "A node that is bound already: exit 0 if it is bound as asked, else 6. Whose a binding code is, is not asked again.",
  options: [
    { ...orgOption, description: "Use this one of your organizations" },
    { name: "create-org", value: "ID", description: "Create an organization with this ID" },
    { name: "org-name", value: "NAME", description: "The name of the organization to create" },
    agreementOption,
    bindingCodeOption,
    { name: "web", description: "Let somebody decide in a browser: show link, code and number, and wait" },
    { name: "stay-signed-in", description: "Keep the session, as `jitnode login` does" },
    serverOption,
  ],
  examples: [
    { line: "jitnode activate", says: "Asks for everything" },
    { line: "jitnode activate --org acme", says: "For one of your organizations" },
    { line: 'jitnode activate --create-org acme --org-name "Acme Inc." --accept-agreement', says: "For a new one" },
    { line: "jitnode activate --binding-code-file code.txt", says: "For the one of this binding code" },
    { line: "jitnode activate --web", says: "Decide on a phone or another computer" },
  ],
  schema: "activate",
  async run(context, input) {
    const web = input.has("web");
    const choice = choiceOf(context, input);
    if (web && (choice.kind !== "ask" || input.has("stay-signed-in"))) {
      throw new JitnodeError("usage", { message: "--web leaves the choice of the organization to the browser." });
    }
    // --org is the choice; only the variable constrains.
    const constraint = nonEmpty(context.environment["JITNODE_ORG"]);
    assertWithin(choice, constraint);

    const daemon = await context.daemon();
    const status = await daemon.status();
    const given = context.settings.text("server");
    const server = given === undefined ? undefined : parseServer(given, context.settings.boolean("allowHttp"));
    const asked = { choice, constraint, server, codeFile: input.option(bindingCodeOption.name) };
    if (status.binding !== null) {
      // A slip in a code that was typed is told here, too.
      if (asked.codeFile !== undefined) await readBindingCode(context, asked.codeFile);
      return alreadyBound(context, status.node, status.binding, asked);
    }
    if (web && !context.mayAsk) {
      throw new JitnodeError("usage", {
        message: "--web waits for a person, and --no-input forbids it.",
        hint: "Leave one of them out; without a person, use --org ID with a session that is stored already.",
      });
    }
    if (!web && !context.prompts.possible) assertComplete(choice);
    const bindingCode = choice.kind === "join" ? await readBindingCode(context, choice.file) : undefined;

    const request = await daemon.startActivation(server ?? (await askServer(context, status)));
    context.output.note(line`Control plane: ${new URL(request.issuer).host}`);
    if (web) return done(context, await waitForBrowser(context, request), request);
    const options = {
      issuer: request.issuer,
      stay: input.has("stay-signed-in"),
      assertNeeded: () => assertOpen(context),
    };
    try {
      const binding = await withPerson(context, options, async (people, me) => {
        await assertSameNode(context, people, request);
        const approval = await approve({ context, people, me, choice, bindingCode, constraint }, request);
        return waitForBinding(context, approval.binding_id);
      });
      return done(context, binding, request);
    } catch (error) {
      if (!(error instanceof JitnodeError) || error.code !== "activation_decided") throw error;
      const binding = await waitForBinding(context, undefined);
      context.output.note(line`Somebody else has activated this node meanwhile.`);
      return alreadyBound(context, request.node, binding, asked);
    }
  },
};

interface Asked {
  readonly choice: Choice;
  readonly constraint: string | undefined;
  readonly server: string | undefined;
  /** Only what was typed, not the variable's. */
  readonly codeFile: string | undefined;
}

const nonEmpty = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

function choiceOf(context: Context, input: Input): Choice {
  return readChoice({
    createOrg: input.option("create-org"),
    orgName: input.option("org-name"),
    acceptAgreement: input.has(agreementOption.name),
    org: context.flags.org,
    bindingCodeFile: input.option(bindingCodeOption.name),
    codeFileVariable: input.has("web") ? undefined : context.settings.text("bindingCodeFile"),
  });
}

/** Bound by somebody else, or by an earlier command. */
function alreadyBound({ output }: Context, node: Status["node"], binding: LocalBinding, asked: Asked): ExitCode {
  const { organization, server } = binding;
  // Whose a code is only a person who is signed in could ask.
  if (asked.codeFile !== undefined && asked.constraint === undefined) {
    output.warn(line`Whose binding code that is was not asked. Set JITNODE_ORG to be sure of the organization.`);
  }
  if (!agrees(binding, asked)) {
    throw new JitnodeError("already_bound", {
      message: line`This node is bound already, to ${organization.id} at ${server}.`,
    });
  }
  output.result({ already_bound: true, node, binding }, () => [
    line`${node.name} (${node.id}) is bound to ${organization.id} (${organization.name}) already.`,
  ]);
  return exitCodes.done;
}

/** Message 4: is it this node that asks, and does it still? */
async function assertSameNode(context: Context, people: PeopleClient, request: ActivationAnswer): Promise<void> {
  const seen = await people.activation(request.user_code);
  if (seen.node.key_thumbprint !== request.node.key_thumbprint || seen.node.id !== request.node.id) {
    throw new JitnodeError("node_mismatch");
  }
  if (seen.state === "denied") throw new JitnodeError("activation_denied");
  if (seen.state === "approved") throw new JitnodeError("activation_decided");
  context.output.note(line`Node: ${seen.node.name} (${seen.node.id}), asking from ${seen.address}`);
}

/** Message 5; at a terminal, what can be answered differently is asked again. */
async function approve(choosing: Choosing, request: ActivationAnswer): Promise<ApprovalAnswer> {
  const { context, people } = choosing;
  if (request.number === undefined) throw new JitnodeError("control_plane_unexpected");
  for (;;) {
    try {
      const organization = await chooseOrganization(choosing);
      const { number, node } = request;
      return await people.approve(request.user_code, { number, key_thumbprint: node.key_thumbprint, organization });
    } catch (error) {
      if (error instanceof JitnodeError && error.code === "interrupted") throw interruptedAfterApproval();
      if (!mayAskAgain(choosing, error)) throw error;
      context.output.note(line`${error.message} ${error.hint}`);
    }
  }
}

function done({ output }: Context, binding: LocalBinding, { node }: ActivationAnswer): ExitCode {
  output.result({ already_bound: false, node, binding }, () => [
    line`${node.name} (${node.id}) is bound to ${binding.organization.id} (${binding.organization.name}).`,
  ]);
  return exitCodes.done;
}
