// Asking a control plane by the node's own key what this node is bound to (message 7), and taking up what is found. A
// lost answer, an expired code or a week of downtime never matter, since this brings the binding back.

import type { JitnodeError } from "../../protocol/errors.js";
import type { DaemonContext } from "../context.js";
import { toHeld } from "./binding-rules.js";

export type Recovered =
  | { readonly kind: "bound" }
  /** The control plane knows of no binding. */
  | { readonly kind: "none" }
  /** It holds one that the operator has ended here: it is told so again. */
  | { readonly kind: "released" }
  | { readonly kind: "failure"; readonly error: JitnodeError };

export interface Recovery {
  run(server: string, signal: AbortSignal): Promise<Recovered>;
}

export function createRecovery(context: DaemonContext): Recovery {
  const { store, board, links, log, identity, config } = context;
  return {
    async run(server, signal) {
      const link = links.to(server);
      const answer = await link.node.binding({ signal });
      board.note({ clockOffset: link.transport.clockOffset() });
      if (answer.kind === "failure") return answer;
      if (answer.kind === "rejected") {
        return answer.error.code === "node_unknown" ? { kind: "none" } : { kind: "failure", error: answer.error };
      }
      const found = answer.body;
      if (found.state === "unbound" || found.node_id !== identity.nodeId) return { kind: "none" };
      const { releases, binding } = store.current();
      // The operator or an earlier answer was faster.
      if (signal.aborted || binding !== undefined) return binding === undefined ? { kind: "none" } : { kind: "bound" };
      if (releases.some(({ binding_id }) => binding_id === found.binding_id)) {
        store.update({
          releases: releases.map((one) =>
            one.binding_id === found.binding_id ? { ...one, server, confirmed: false } : one,
          ),
        });
        return { kind: "released" };
      }
      const held = toHeld(found, server);
      store.update({ binding: held, request: undefined, last_unbound: undefined });
      board.note({ bindingConflict: false, possibleCopy: false });
      log.info("node bound", { binding_id: held.binding_id, organization: held.organization.id, server });
      if (config.expectedOrg !== undefined && config.expectedOrg !== held.organization.id) {
        log.warn("bound to another organization than JITNODE_ORG", { organization: held.organization.id });
      }
      return { kind: "bound" };
    },
  };
}
