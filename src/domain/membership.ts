// Who may do what in an organization.
// Invariants: an organization always has at least one administrator; to a non-member everything of it is unknown;
// a regular member sees and refreshes the binding code but removes nobody.

export type Role = "administrator" | "member";

/** How somebody became a member. */
export type JoinedBy = "created" | "code";

export type OrganizationAction = "see" | "refresh_code" | "bind_node" | "remove_member" | "unbind_node";

export type AccessRefusal = "org_not_found" | "administrator_required";

const administratorsOnly: ReadonlySet<OrganizationAction> = new Set(["remove_member", "unbind_node"]);

/** `undefined` when allowed. A non-member is told that there is no such organization. */
export function refuseAccess(role: Role | undefined, action: OrganizationAction): AccessRefusal | undefined {
  if (role === undefined) return "org_not_found";
  return administratorsOnly.has(action) && role !== "administrator" ? "administrator_required" : undefined;
}

/** Removing `target` must leave an administrator behind. */
export function refuseRemoval(target: Role, administrators: number): "last_administrator" | undefined {
  return target === "administrator" && administrators <= 1 ? "last_administrator" : undefined;
}
