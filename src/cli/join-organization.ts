// Joining the one organization that is meant, by a binding code.

import type { PeopleClient } from "../client/people.js";
import { JitnodeError } from "../protocol/errors.js";
import type { Organization } from "../protocol/people.js";
import { line } from "./output/line.js";

/**
 * `constraint` is what named `org`, where it could be left out. The control plane has one answer for a code that is
 * wrong, refreshed or another organization's; what that may mean is said here, where it gives nothing away.
 */
export async function joinExpected(
  people: PeopleClient,
  code: string,
  { org, constraint }: { readonly org: string; readonly constraint?: string },
): Promise<Organization> {
  try {
    return await people.joinOrganization({ binding_code: code, expected_org: org });
  } catch (cause) {
    if (!(cause instanceof JitnodeError) || cause.code !== "binding_code_invalid") throw cause;
    const own = line`It must be the current code of ${org} itself: ask one of its members for it.`;
    const any = `Without ${constraint}, the organization that the code belongs to is joined, whichever it is.`;
    throw new JitnodeError("binding_code_invalid", {
      message: cause.message,
      hint: constraint === undefined ? own : `${own} ${any}`,
      cause,
    });
  }
}
