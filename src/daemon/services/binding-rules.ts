// What an authenticated answer about this node's binding means for the one it holds.
// Invariants (DESIGN section 3): only an `unbound` for the very binding that is held, from the very control plane that
// made it, ends it. Another control plane at the same address, one that knows less, or another binding never do; another
// binding takes its place only if it says so (`replaces`).

import type { NodeBinding } from "../../protocol/nodes.js";
import type { HeldBinding } from "../state/shapes.js";

export type Verdict =
  | { readonly kind: "same"; readonly binding: HeldBinding }
  | { readonly kind: "moved"; readonly binding: HeldBinding }
  | { readonly kind: "ended"; readonly at: string; readonly by: "administrator" | "operator" }
  /** Another control plane answers at this address. */
  | { readonly kind: "foreign" }
  /** The control plane holds another binding for this key. */
  | { readonly kind: "conflict" }
  /** It does not know the binding that is held. */
  | { readonly kind: "unknown" };

type Bound = Extract<NodeBinding, { readonly state: "bound" }>;

export const toHeld = (answer: Bound, server: string): HeldBinding => ({
  binding_id: answer.binding_id,
  organization: { id: answer.organization.id, name: answer.organization.name },
  server,
  control_plane_id: answer.control_plane_id,
  bound_at: answer.bound_at,
});

export function judge(held: HeldBinding, nodeId: string, answer: NodeBinding): Verdict {
  if (answer.control_plane_id !== held.control_plane_id) return { kind: "foreign" };
  if (answer.node_id !== nodeId) return { kind: "unknown" };
  if (answer.state === "bound") {
    const binding = toHeld(answer, held.server);
    if (answer.binding_id === held.binding_id) return { kind: "same", binding };
    return answer.replaces === held.binding_id ? { kind: "moved", binding } : { kind: "conflict" };
  }
  const { binding_id, at, by } = answer;
  if (binding_id !== held.binding_id || at === undefined || by === undefined) return { kind: "unknown" };
  return { kind: "ended", at, by };
}
