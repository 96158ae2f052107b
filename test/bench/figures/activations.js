// Activations per second on SQLite (synchronous=FULL), load from another process over loopback, beside what the floors
// of the same run allow: bare Fastify requests, bare commits on that disk, jose signatures and verifications, times what
// one activation was seen to need.

import BetterSqlite3 from "better-sqlite3";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { median, ms, percentile, runProcess, times } from "../measure.js";
import { root } from "../site.js";
import { countCommits } from "../wal.js";

const rounds = 3;
/** As few as wait for one another now and then, and as many as keep the control plane busy: it is what the goal is about. */
const concurrency = [8, 32];
const activations = 640;
const counted = 8;
/** Before anything is timed: V8 still compiles what runs often during the first few hundred. */
const warmUp = 640;
const floor = (name) => join(root, "test/bench/floors", name);

const run = async (script, ...args) => {
  const result = await runProcess(process.execPath, [floor(script), ...args]);
  if (result.code !== 0) throw new Error(`${script} ended with ${result.code}`);
  return JSON.parse(result.stdout);
};

function load(site, load) {
  const { JITNODE_SERVER: server, JITNODE_CONFIG_DIR: config } = site.environment;
  const { sessions } = JSON.parse(readFileSync(join(config, "session.json"), "utf8"));
  return run("activation-load.js", JSON.stringify({ server, account: sessions[server], org: "playground", ...load }));
}

async function fastifyFloor(workers) {
  const child = spawn(process.execPath, [floor("bare-fastify.js")], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = await new Promise((resolve) => child.stdout.once("data", (line) => resolve(String(line).trim())));
  const result = await run("fastify-load.js", url, String(workers), "2000");
  child.kill("SIGTERM");
  await ended;
  return result;
}

/** What one activation needs, seen on a few of them alone: commits in the log, verifications by what was asked. */
async function countNeeds(site, database) {
  const file = join(site.environment.JITNODE_CONTROL_DATA_DIR, "control.db");
  database.pragma("wal_checkpoint(TRUNCATE)");
  const before = countCommits(`${file}-wal`);
  const seen = await load(site, { workers: 1, activations: counted });
  const commits = (countCommits(`${file}-wal`) - before) / counted;
  const per = (pattern) =>
    Object.entries(seen.latencies)
      .filter(([name]) => pattern.test(name))
      .reduce((sum, [, list]) => sum + list.length, 0) / counted;
  // A proof at each OAuth endpoint; a proof and a token at each request to the API. One access token is signed.
  return {
    requests: seen.exchanges / counted,
    commits,
    signatures: 1,
    verifications: per(/\/oauth\//) + 2 * per(/\/v1\//),
  };
}

async function measureAt(site, database, needs, workers) {
  const live = () => database.prepare("select count(*) as n from bindings where ended_at is null").get().n;
  const [ratios, rates, allowed, floorLatencies] = [[], [], [], []];
  const latencies = {};
  for (let round = 0; round < rounds; round += 1) {
    const bindings = live();
    const result = await load(site, { workers, activations });
    const made = live() - bindings;
    if (made !== activations || new Set(result.bound).size !== activations) {
      throw new Error(`${activations} activations were answered, ${made} bindings are in the database`);
    }
    for (const [name, list] of Object.entries(result.latencies)) (latencies[name] ??= []).push(...list);
    const fastify = await fastifyFloor(workers);
    floorLatencies.push(percentile(fastify.latencies, 0.99));
    const primitive = await run("primitives.js", site.folder);
    const secondsNeeded =
      needs.requests / (fastify.requests / fastify.seconds) +
      needs.commits / primitive.commits +
      needs.signatures / primitive.signatures +
      needs.verifications / primitive.verifications;
    rates.push(activations / result.seconds);
    allowed.push(1 / secondsNeeded);
    ratios.push((activations / result.seconds) * secondsNeeded);
  }
  const per = `${needs.requests.toFixed(1)} requests, ${needs.commits.toFixed(1)} commits, ${needs.signatures} signature, ${needs.verifications.toFixed(1)} verifications each`;
  const floorP99 = median(floorLatencies);
  return [
    [
      `activations, ${workers} at once, SQLite`,
      `${median(rates).toFixed(0)} a second`,
      `${median(allowed).toFixed(0)} a second allowed by the floors (${per})`,
      times(median(ratios)),
      "at least 0.5 ×",
    ],
    ...Object.entries(latencies).map(([name, list]) => [
      `p99 of \`${name}\`, ${workers} at once`,
      ms(percentile(list, 0.99)),
      `bare Fastify request ${ms(floorP99)}`,
      times(percentile(list, 0.99) / floorP99),
      "–",
    ]),
  ];
}

export async function measure(site) {
  const database = new BetterSqlite3(join(site.environment.JITNODE_CONTROL_DATA_DIR, "control.db"));
  try {
    const needs = await countNeeds(site, database);
    await load(site, { workers: Math.max(...concurrency), activations: warmUp });
    const rows = [];
    for (const workers of concurrency) rows.push(...(await measureAt(site, database, needs, workers)));
    return rows;
  } finally {
    database.close();
  }
}
