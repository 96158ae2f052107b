// The audit vocabulary: what is written down, in the same transaction as the change itself.

export const auditActions = [
  "account.created",
  "account.link_made",
  "account.disabled",
  "account.enabled",
  "account.password_changed",
  "account.signed_in",
  "identity.linked",
  "identity.unlinked",
  "identity.renamed",
  "session.opened",
  "session.revoked",
  "session.reuse_detected",
  "org.created",
  "org.code_refreshed",
  "member.joined",
  "member.removed",
  "activation.approved",
  "activation.denied",
  "node.bound",
  "node.unbound",
  "node.possible_copy",
  "limit.slowed",
  "keys.rotated",
  "keys.rewrapped",
] as const;

export type AuditAction = (typeof auditActions)[number];

/** Who did it: a person, a node by its own key, or somebody at the control plane's command line. */
export type AuditActor =
  | { readonly kind: "account"; readonly id: string }
  | { readonly kind: "node"; readonly id: string }
  | { readonly kind: "operator"; readonly id: "control" }
  | { readonly kind: "anonymous"; readonly id: "" };
