// `npm run bench:image`: the image's size above its base, how long a daemon in a container takes to be live and, bound, to
// be ready beside the same program outside of one, and its memory at rest. JITNODE_IMAGE names the image (`jitnode`);
// `-- --write` keeps the figures in docs/benchmarks-image.md.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { median, ms, readProcess, sleep, table, times } from "./measure.js";
import { ask, bin, root, startSite } from "./site.js";

const image = process.env.JITNODE_IMAGE ?? "jitnode";
const base = process.env.NODE_IMAGE ?? "node:24-bookworm-slim";
const runs = 7;
const uid = 7070;
const docker = (...args) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();

if (spawnSync("docker", ["image", "inspect", image]).status !== 0) {
  process.stderr.write(
    `There is no image ${image}: make it with \`docker build -t ${image} .\`, or name one by JITNODE_IMAGE.\n`,
  );
  process.exit(1);
}

const size = (name) => Number(docker("image", "inspect", "--format", "{{.Size}}", name)) / 1e6;

/** Until the daemon's socket says 200. @returns when it did, in milliseconds since 1970 */
async function answers(socket, path) {
  for (const limit = Date.now() + 60_000; Date.now() < limit; await sleep(2)) {
    const { status } = await ask(socket, "GET", path).catch(() => ({ status: 0 }));
    if (status === 200) return Date.now();
  }
  throw new Error(`${path} was never answered with 200`);
}

function give(folder) {
  chownSync(folder, uid, uid);
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder)) chownSync(join(folder, name), uid, uid);
}

/** A state directory of its own: empty, or a copy of a bound one. */
function makeState(from) {
  const folder = mkdtempSync("/tmp/jnbi-");
  const state = join(folder, "state");
  mkdirSync(state);
  if (from !== undefined) cpSync(from, state, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  give(state);
  chmodSync(folder, 0o755);
  return { state, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const startedAt = (name) => {
  const text = docker("inspect", "--format", "{{.State.StartedAt}}", name);
  return Date.parse(text.replace(/^(\S+) (\d\d:\d\d:\d\d\.\d{0,3})\d* \+0000 UTC$/, "$1T$2Z"));
};

/** Milliseconds from the start of the container's first process to the answer. */
async function inContainer(environment, from, path, then = async () => undefined) {
  const { state, remove } = makeState(from);
  const name = `jitnode-bench-${process.pid}`;
  const variables = Object.entries(environment).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  try {
    docker(
      "run",
      "-d",
      "--name",
      name,
      "--network",
      "host",
      "-v",
      `${state}:/var/lib/jitnode`,
      ...variables,
      "-e",
      "JITNODE_SOCKET=/var/lib/jitnode/s.sock",
      image,
    );
    const at = await answers(join(state, "s.sock"), path);
    await then(name, join(state, "s.sock"));
    return at - startedAt(name);
  } finally {
    docker("rm", "-f", name);
    remove();
  }
}

async function outside(environment, from, path) {
  const { state, remove } = makeState(from);
  const socket = join(state, "s.sock");
  const start = Date.now();
  const env = { PATH: process.env.PATH, HOME: state, ...environment, JITNODE_STATE_DIR: state, JITNODE_SOCKET: socket };
  const child = spawn(process.execPath, [bin("jitnoded")], { env, uid, gid: uid, stdio: "ignore", cwd: "/" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    return (await answers(socket, path)) - start;
  } finally {
    child.kill("SIGTERM");
    await ended;
    remove();
  }
}

async function compare(what, environment, from, path) {
  const found = { a: [], b: [] };
  for (let run = 0; run <= runs; run += 1) {
    const [a, b] = [await inContainer(environment, from, path), await outside(environment, from, path)];
    // The first of each warms up.
    if (run > 0) (found.a.push(a), found.b.push(b));
  }
  const ratio = median(found.a.map((value, index) => value / found.b[index]));
  return [what, ms(median(found.a)), `outside of one ${ms(median(found.b))}`, times(ratio), "at most 1.5 ×"];
}

const site = await startSite();
const rows = [];
try {
  const above = size(image) - size(base);
  rows.push([
    "image, above its base",
    `${above.toFixed(1)} MB`,
    `base ${size(base).toFixed(0)} MB`,
    "–",
    "at most 60 MB",
  ]);
  rows.push(await compare("container start → live", {}, undefined, "/v1/health/live"));

  const bound = dirname(site.environment.JITNODE_SOCKET);
  const state = site.environment.JITNODE_STATE_DIR ?? bound;
  // Its own daemon lets go of the state first: one at a time.
  process.kill(site.daemonPid, "SIGTERM");
  await sleep(1_000);
  const server = { JITNODE_SERVER: site.environment.JITNODE_SERVER };
  rows.push(await compare("bound volume: container start → ready", server, state, "/v1/health/ready"));

  await inContainer(server, state, "/v1/health/ready", async (name, socket) => {
    await sleep(10_000);
    const { body } = await ask(socket, "GET", "/v1/status");
    if (JSON.parse(body).connection !== "connected") throw new Error(`not at rest: ${body}`);
    // Its child is the daemon: tini is the container's first process.
    const init = docker("inspect", "--format", "{{.State.Pid}}", name);
    const daemon = Number(execFileSync("pgrep", ["-P", init], { encoding: "utf8" }).split("\n")[0]);
    const { residentMb } = readProcess(daemon);
    rows.push(["bound node at rest in its container, resident", `${residentMb.toFixed(0)} MB`, "–", "–", "–"]);
  });
} finally {
  await site.stop().catch(() => undefined);
}

const machine = `Node.js ${process.versions.node}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, engine ${docker("version", "--format", "{{.Server.Version}}")}, ${new Date().toISOString().slice(0, 10)}`;
const result = `${machine}\n\n${table(rows)}\n`;
console.log(result);
if (process.argv.includes("--write")) {
  const head =
    "# The image in figures\n\n`npm run bench:image` prints these, `npm run bench:image -- --write` keeps them here. Times are medians of seven runs, in turn with the same\n" +
    "program outside of a container on the same state, from the start of the first process to the first answer. No test depends on them.\n\n";
  writeFileSync(join(root, "docs/benchmarks-image.md"), head + result);
}
