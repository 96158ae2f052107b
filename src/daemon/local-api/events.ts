// GET /v1/events: the status now and after every change, a line each. A reader that is slow misses states in between,
// never the last one.

import type { ServerResponse } from "node:http";
import type { StatusBook } from "../services/status.js";

export function streamStatus(response: ServerResponse, status: StatusBook): void {
  let due = true;
  let blocked = false;

  const write = (): void => {
    if (!due || blocked || response.destroyed) return;
    due = false;
    blocked = !response.write(`${JSON.stringify({ type: "status", status: status.current() })}\n`);
  };
  response.on("drain", () => {
    blocked = false;
    write();
  });
  const unsubscribe = status.subscribe(() => {
    // Changes of one moment make one line.
    if (!due) setImmediate(write);
    due = true;
  });
  response.on("close", unsubscribe);
  write();
}
