// A program of its own (so: no imports of ours): ends processes and removes folders of a test process that is gone,
// however it ended. It reads one JSON command a line; the end of its input is the death of the one it guards.
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

type Command = {
  readonly do: "watch" | "release";
  readonly group?: number;
  readonly signal?: NodeJS.Signals;
  readonly folder?: string;
};

const groups = new Map<number, NodeJS.Signals>();
const folders = new Set<string>();

function obey(command: Command): void {
  if (command.group !== undefined) {
    if (command.do === "watch") groups.set(command.group, command.signal ?? "SIGKILL");
    else groups.delete(command.group);
  }
  if (command.folder !== undefined) {
    if (command.do === "watch") folders.add(command.folder);
    else folders.delete(command.folder);
  }
}

/** Returns whether anything of that process group was still there. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

async function endAll(): Promise<void> {
  for (const [group, signal] of groups) signalGroup(group, signal);
  for (let waited = 0; waited < 5000 && [...groups.keys()].some((group) => signalGroup(group, 0)); waited += 20) {
    await sleep(20);
  }
  for (const group of groups.keys()) signalGroup(group, "SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line) as Command);
await endAll();
