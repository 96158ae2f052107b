// A daemon's status in words.

import type { Status } from "../../../protocol/local.js";
import { facts } from "../../output/columns.js";
import { joinLines, line, type Line } from "../../output/line.js";
import type { Style } from "../../output/style.js";

export const connectionWords: Readonly<Record<Status["connection"], string>> = {
  none: "none",
  connecting: "connecting",
  connected: "connected",
  unreachable: "none to the control plane; the node goes on with what it knows",
  rejected: "control plane does not accept this node; the binding stays",
  foreign_control_plane: "another control plane answers at this URL; the binding stays",
};

function describeState(status: Status): string {
  switch (status.state) {
    case "bound":
      return status.binding === null
        ? "bound"
        : `bound to ${status.binding.organization.id} (${status.binding.organization.name})`;
    case "pending":
      return "activation under way";
    case "unbound":
      return "not bound";
  }
}

export function describeStatus(status: Status, style: Style): readonly Line[] {
  const { node, activation, binding, last_unbound: last } = status;
  const rows: (readonly [string, string])[] = [
    ["Node", `${node.id} (${node.name})`],
    ["State", describeState(status)],
    ["Control plane", binding?.server ?? status.server ?? "none"],
    ["Connection", `${connectionWords[status.connection]}, since ${status.connection_since}`],
  ];
  const problem = status.connection_problem ?? undefined;
  if (problem !== undefined) rows.push(["Because", `${problem.message} (${problem.code})`]);
  if (binding !== null) rows.push(["Bound since", binding.bound_at]);
  if (status.last_heartbeat_at !== null) rows.push(["Last heartbeat", status.last_heartbeat_at]);
  if (last !== null && binding === null) rows.push(["Unbound", `${last.at}, by ${last.by}`]);
  if (activation !== null && activation.state === "pending" && status.state === "pending") {
    rows.push(
      ["Link", activation.verification_uri_complete ?? activation.verification_uri],
      ["Code", activation.user_code],
      ...(activation.number === undefined ? [] : [["Number", activation.number] as const]),
      ["Valid until", activation.expires_at],
    );
  }
  const warnings = status.warnings.map(({ code, message }) =>
    joinLines([style.yellow(line`Warning:`), line`${message} (${code})`], " "),
  );
  const isIdle = status.state === "unbound" && !status.release_pending;
  const next =
    status.server === null
      ? line`It knows no control plane: start it with JITNODE_SERVER, or name one by jitnode activate --server URL`
      : line`Activate it with: jitnode activate`;
  return [...facts(rows), ...warnings, ...(isIdle ? [next] : [])];
}

/** The same in one line, for a stream of changes. */
export const summariseStatus = (status: Status, at: string): Line =>
  line`${at}  ${describeState(status)}, connection ${status.connection}${status.warnings.length === 0 ? "" : `, warnings: ${status.warnings.map(({ code }) => code).join(", ")}`}`;
