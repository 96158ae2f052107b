// Loaded before a program that is started as somebody's child (`node --import`): when the pipe at descriptor 3 closes, the
// parent is gone, however it went, and this process ends as it would on SIGTERM.

import { Socket } from "node:net";

const patience = 5_000;

function endWithParent(): void {
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), patience).unref();
}

const pipe = new Socket({ fd: 3, readable: true, writable: false });
pipe.on("error", () => undefined);
pipe.on("close", endWithParent);
pipe.resume();
pipe.unref();
