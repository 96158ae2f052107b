// How flags and variables say which organization gets the node, and whether a binding that is there already agrees.

import { checkNewOrganizationId } from "../../../domain/ids.js";
import { asName } from "../../../domain/names.js";
import { JitnodeError } from "../../../protocol/errors.js";
import type { LocalBinding } from "../../../protocol/local.js";

export type Choice =
  | { readonly kind: "create"; readonly id: string; readonly name: string | undefined; readonly accepted: boolean }
  | { readonly kind: "use"; readonly id: string }
  | { readonly kind: "join"; readonly file: string }
  | { readonly kind: "ask" };

export interface ChoiceFlags {
  readonly createOrg: string | undefined;
  readonly orgName: string | undefined;
  readonly acceptAgreement: boolean;
  readonly org: string | undefined;
  readonly bindingCodeFile: string | undefined;
  /** JITNODE_BINDING_CODE_FILE: chooses when no flag does. */
  readonly codeFileVariable: string | undefined;
}

const usage = (message: string, hint = "See jitnode activate --help."): JitnodeError =>
  new JitnodeError("usage", { message, hint });

/** Throws for more than one choice, and for what cannot be right whatever the control plane says. */
export function readChoice(flags: ChoiceFlags): Choice {
  const { createOrg, orgName, acceptAgreement, org, bindingCodeFile, codeFileVariable } = flags;
  const chosen = [createOrg, org, bindingCodeFile].filter((value) => value !== undefined);
  if (chosen.length > 1) throw usage("Only one of --create-org, --org and --binding-code-file can be chosen.");
  if (createOrg === undefined && (orgName !== undefined || acceptAgreement)) {
    throw usage("--org-name and --accept-agreement belong to --create-org.");
  }
  if (createOrg !== undefined) {
    const check = checkNewOrganizationId(createOrg);
    if (!check.ok) throw new JitnodeError(check.reason);
    const name = orgName === undefined ? undefined : asName(orgName);
    if (orgName !== undefined && name === undefined) throw new JitnodeError("org_name_invalid");
    return { kind: "create", id: check.id, name, accepted: acceptAgreement };
  }
  if (org !== undefined) return { kind: "use", id: org };
  const file = bindingCodeFile ?? codeFileVariable;
  return file === undefined ? { kind: "ask" } : { kind: "join", file };
}

/** JITNODE_ORG of the command line is a constraint, never a choice; throws `org_mismatch`. */
export function assertWithin(choice: Choice, constraint: string | undefined): void {
  if (constraint === undefined || (choice.kind !== "create" && choice.kind !== "use") || choice.id === constraint)
    return;
  throw new JitnodeError("org_mismatch", {
    message: "JITNODE_ORG names another organization than the one chosen.",
    hint: "Choose that one, or unset JITNODE_ORG.",
  });
}

/** What must be known before anybody signs in, where nobody can be asked later. */
export function assertComplete(choice: Choice): void {
  if (choice.kind === "ask") {
    throw new JitnodeError("org_choice_needed", {
      hint: "Give --create-org ID --org-name NAME --accept-agreement, or --org ID, or --binding-code-file FILE.",
    });
  }
  if (choice.kind !== "create") return;
  if (choice.name === undefined) {
    throw new JitnodeError("input_needed", {
      message: "The new organization needs a name.",
      hint: "Give it with --org-name.",
    });
  }
  if (!choice.accepted) {
    throw new JitnodeError("agreement_required", {
      hint: "Read it at the control plane's /agreement, then repeat the command with --accept-agreement.",
    });
  }
}

/** Does the binding that is there fulfil what was asked? A binding code is not looked at. */
export function agrees(
  binding: LocalBinding,
  asked: { readonly choice: Choice; readonly constraint: string | undefined; readonly server: string | undefined },
): boolean {
  const { choice, constraint, server } = asked;
  const { id } = binding.organization;
  if ((choice.kind === "create" || choice.kind === "use") && choice.id !== id) return false;
  if (constraint !== undefined && constraint !== id) return false;
  return server === undefined || originOf(server) === originOf(binding.server);
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);
