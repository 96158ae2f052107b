// GET /v1/metrics: the daemon in Prometheus' text format.

import { connectionStates, type Status } from "../../protocol/local.js";
import { version } from "../../protocol/versions.js";
import type { DaemonContext } from "../context.js";

export function renderMetrics({ store }: DaemonContext, status: Status): string {
  const lines: string[] = [];
  const gauge = (name: string, help: string, samples: readonly (readonly [labels: string, value: number])[]): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
    for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
  };
  const seconds = (date: string | null): number => (date === null ? 0 : Date.parse(date) / 1000);

  gauge("jitnode_info", "The version of the daemon.", [[`{version="${version}"}`, 1]]);
  gauge("jitnode_bound", "1 when the node is bound to an organization.", [["", status.state === "bound" ? 1 : 0]]);
  gauge("jitnode_activation_pending", "1 while an activation is under way.", [
    ["", status.state === "pending" ? 1 : 0],
  ]);
  gauge(
    "jitnode_connection",
    "The connection to the control plane: 1 for its state.",
    connectionStates.map((state) => [`{state="${state}"}`, status.connection === state ? 1 : 0]),
  );
  gauge("jitnode_release_pending", "1 while an unbind is not confirmed.", [["", status.release_pending ? 1 : 0]]);
  gauge("jitnode_last_heartbeat_seconds", "When the last heartbeat was taken, Unix time; 0: never.", [
    ["", seconds(status.last_heartbeat_at)],
  ]);
  gauge("jitnode_clock_offset_seconds", "The control plane's clock minus this machine's.", [
    ["", status.clock_offset_seconds ?? 0],
  ]);
  gauge("jitnode_warnings", "How many warnings the status shows.", [["", status.warnings.length]]);
  gauge("jitnode_state_writable", "1 when the last write to the state directory was good.", [
    ["", store.lastWriteFailed() ? 0 : 1],
  ]);
  gauge("jitnode_start_time_seconds", "When the daemon started, Unix time.", [["", seconds(status.started_at)]]);
  gauge("process_resident_memory_bytes", "Resident memory.", [["", process.memoryUsage.rss()]]);
  return `${lines.join("\n")}\n`;
}
