// The people's API: everything a signed-in person does at the control plane's /v1.

import {
  Type,
  accountId,
  bindingCode,
  bindingId,
  claim,
  date,
  name,
  nodeId,
  nullable,
  number,
  open,
  organizationId,
  organizationSummary,
  page,
  role,
  strict,
  text,
  thumbprint,
  typedCode,
  userCode,
  type Static,
} from "./schema.js";

export const me = open({
  account: open({ id: accountId, name, created_at: date }),
  scope: Type.Union([Type.Literal("activate"), Type.Literal("people")]),
  session_id: text(64),
  may_create_organizations: Type.Boolean(),
});
export type Me = Static<typeof me>;

export const session = open({
  id: text(64),
  kind: Type.Union([Type.Literal("terminal"), Type.Literal("browser")]),
  scope: nullable(text(64)),
  address: text(64),
  agent: text(300),
  created_at: date,
  last_used_at: date,
  expires_at: date,
  current: Type.Boolean(),
});
export const sessionList = page(session);
export type Session = Static<typeof session>;

export const agreement = open({ version: text(64, 64), text: text(65_536) });
export type Agreement = Static<typeof agreement>;

/** What asks. Everything under `node` but id and thumbprint is the node's own claim. */
export const activation = open({
  user_code: userCode,
  state: Type.Union([Type.Literal("pending"), Type.Literal("approved"), Type.Literal("denied")]),
  node: open({ id: nodeId, key_thumbprint: thumbprint, name, version: claim, os: claim }),
  address: text(64),
  address_differs: Type.Boolean(),
  requested_at: date,
  expires_at: date,
  /** Set when the node accepts one organization only and the person belongs to it. */
  expected_org_is_yours: Type.Optional(Type.Boolean()),
});
export type Activation = Static<typeof activation>;

export const organizationChoice = Type.Union([
  strict({ create: strict({ id: text(20_000), name: text(20_000), agreement: text(128) }) }),
  strict({ use: strict({ id: text(20_000) }) }),
  strict({ join: strict({ binding_code: typedCode }) }),
]);

export const approvalRequest = strict({
  number: text(16),
  key_thumbprint: text(128),
  organization: organizationChoice,
});
export type ApprovalRequest = Static<typeof approvalRequest>;

export const approvalAnswer = open({
  binding_id: bindingId,
  node_id: nodeId,
  organization: organizationSummary,
  role,
});
export type ApprovalAnswer = Static<typeof approvalAnswer>;

export const createOrganizationRequest = strict({ id: text(20_000), name: text(20_000), agreement: text(128) });
export type CreateOrganizationRequest = Static<typeof createOrganizationRequest>;

export const joinRequest = strict({ binding_code: typedCode, expected_org: Type.Optional(text(64)) });
export type JoinRequest = Static<typeof joinRequest>;

export const organization = open({
  id: organizationId,
  name,
  role,
  joined_at: date,
  created_at: date,
  members: Type.Integer({ minimum: 1 }),
  nodes: Type.Integer({ minimum: 0 }),
});
export const organizationList = page(organization);
export type Organization = Static<typeof organization>;

export const bindingCodeAnswer = open({
  organization_id: organizationId,
  binding_code: bindingCode,
  refreshed_at: date,
  refreshed_by: nullable(accountId),
});
export type BindingCodeAnswer = Static<typeof bindingCodeAnswer>;

export const member = open({
  account_id: accountId,
  name,
  role,
  joined_at: date,
  joined_by: Type.Union([Type.Literal("created"), Type.Literal("code")]),
  you: Type.Boolean(),
});
export const memberList = page(member);
export type Member = Static<typeof member>;

/** The answer to the removal of a member: the code they knew is dead. */
export const removalAnswer = open({ removed: accountId, binding_code_refreshed: Type.Boolean() });
export type RemovalAnswer = Static<typeof removalAnswer>;

export const nodeState = Type.Union([
  Type.Literal("connected"),
  Type.Literal("offline"),
  Type.Literal("never_connected"),
]);
export const organizationNode = open({
  id: nodeId,
  binding_id: bindingId,
  name,
  version: claim,
  os: claim,
  key_thumbprint: thumbprint,
  state: nodeState,
  last_seen_at: nullable(date),
  possible_copy_at: nullable(date),
  bound_at: date,
  bound_by: open({ account_id: accountId, name }),
});
export const organizationNodeList = page(organizationNode);
export type OrganizationNode = Static<typeof organizationNode>;

export const decisionAnswer = open({ user_code: userCode, state: Type.Literal("denied") });
export type DecisionAnswer = Static<typeof decisionAnswer>;
export const denialRequest = strict({ key_thumbprint: Type.Optional(text(128)) });
export type DenialRequest = Static<typeof denialRequest>;

export { number };
