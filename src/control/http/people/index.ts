// The people's API: what a signed-in person does at /v1, in the order of the document.

import type { Routes } from "../../context.js";
import { approveActivation } from "./approve-activation.js";
import { bindingCode } from "./binding-code.js";
import { createOrganization } from "./create-organization.js";
import { denyActivation } from "./deny-activation.js";
import { joinOrganization } from "./join-organization.js";
import { listOrganizations } from "./list-organizations.js";
import { members } from "./members.js";
import { nodes } from "./nodes.js";
import { sessions } from "./sessions.js";
import { showActivation } from "./show-activation.js";
import { showAgreement } from "./show-agreement.js";
import { showMe } from "./show-me.js";
import { showOrganization } from "./show-organization.js";

export const peopleRoutes: readonly Routes[] = [
  showMe,
  sessions,
  showActivation,
  approveActivation,
  denyActivation,
  showAgreement,
  createOrganization,
  listOrganizations,
  joinOrganization,
  showOrganization,
  bindingCode,
  members,
  nodes,
];
