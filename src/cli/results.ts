// What each command prints with --json: the schemas in schemas/ are made from this. Shapes only grow.

import { status, binding, nodeIdentity } from "../protocol/local.js";
import { bindingCodeAnswer, me, member, organization, organizationNode } from "../protocol/people.js";
import {
  Type,
  accountId,
  bindingId,
  name,
  nodeId,
  open,
  organizationId,
  text,
  url,
  type TSchema,
} from "../protocol/schema.js";
import { devSummary } from "./commands/dev/summary.js";

const list = <T extends TSchema>(item: T) => open({ items: Type.Array(item) });
const account = open({ id: accountId, name });

export const results = {
  activate: open({ already_bound: Type.Boolean(), node: nodeIdentity, binding }),
  completion: open({ shell: text(16), script: Type.String() }),
  dev: devSummary,
  error: open({
    error: open({
      code: text(64, 1),
      message: text(2000),
      hint: text(2000),
      /** Seconds. */
      retry_after: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  }),
  health: open({
    live: Type.Optional(Type.Boolean()),
    ready: Type.Optional(Type.Boolean()),
    detail: Type.Optional(text(500)),
  }),
  login: open({
    server: url,
    account,
    session_id: text(64),
    stored: Type.Boolean(),
    already_signed_in: Type.Boolean(),
  }),
  logout: open({ server: url, was_signed_in: Type.Boolean(), revoked: Type.Boolean() }),
  "node-show": open({ organization_id: organizationId, ...organizationNode.properties }),
  "node-unbind": open({
    node_id: nodeId,
    organization_id: organizationId,
    binding_id: bindingId,
    /** False: the control plane is still to be told; the daemon goes on trying. */
    confirmed: Type.Boolean(),
  }),
  "org-code": bindingCodeAnswer,
  "org-code-refresh": bindingCodeAnswer,
  "org-create": organization,
  "org-join": organization,
  "org-list": list(organization),
  "org-members": list(member),
  "org-nodes": list(organizationNode),
  "org-remove": open({
    organization_id: organizationId,
    removed: accountId,
    binding_code_refreshed: Type.Boolean(),
  }),
  "org-show": organization,
  status,
  version: open({ version: text(64, 1), node: text(64, 1) }),
  whoami: open({ server: url, ...me.properties }),
} as const;

export type ResultName = Exclude<keyof typeof results, "error">;
