// GET /v1/events: the status now and after every change, a line each. A reader that is slow misses states in between,
// never the last one.

import type { LineWriter } from "../../platform/local-server.js";
import type { StatusBook } from "../services/status.js";

export function streamStatus(lines: LineWriter, status: StatusBook): void {
  let due = true;
  let blocked = false;

  const write = (): void => {
    if (!due || blocked || !lines.isOpen()) return;
    due = false;
    blocked = !lines.write(JSON.stringify({ type: "status", status: status.current() }));
  };
  lines.onDrain(() => {
    blocked = false;
    write();
  });
  const unsubscribe = status.subscribe(() => {
    // Changes of one moment make one line.
    if (!due) setImmediate(write);
    due = true;
  });
  lines.onClose(unsubscribe);
  write();
}
