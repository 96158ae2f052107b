// Measuring: whole processes, medians, and tables. No figure is judged here; goals are printed beside them.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

/** The value in the middle; NaN of nothing. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value below which `share` of them lie (nearest rank). */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Runs a command to its end. @returns {Promise<{ms: number, stdout: string, code: number | null}>} */
export function runProcess(command, args, { env, cwd } = {}) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { env, cwd, stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ms: performance.now() - start, stdout, code }));
  });
}

/**
 * Two commands in turn, A B A B …, after one warm-up each, so that both meet the same machine.
 * @returns {Promise<{a: number[], b: number[], ratio: number}>} milliseconds; the median of the ratios pair by pair
 */
export async function compareProcesses(runs, a, b) {
  await a();
  await b();
  const times = { a: [], b: [] };
  for (let run = 0; run < runs; run += 1) {
    times.a.push(await a());
    times.b.push(await b());
  }
  return { ...times, ratio: median(times.a.map((ms, index) => ms / times.b[index])) };
}

/** Resident memory of a process in MB, and its processor time so far in seconds (user and system). */
export function readProcess(pid) {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticksPerSecond = 100;
  return {
    residentMb: Number(resident?.[1]) / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Rows of `[what, figure, floor, ratio, goal]` as a Markdown table. */
export function table(rows) {
  const head = ["figure", "measured", "floor in the same run", "ratio", "goal"];
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return lines.join("\n");
}

export const ms = (value, digits = 1) => `${value.toFixed(digits)} ms`;
export const times = (value) => `${value.toFixed(2)} ×`;
