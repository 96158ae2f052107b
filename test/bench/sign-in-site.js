// A control plane of the figures' own that has sign-in providers, beside a bare issuer in a process of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProcess, sleep } from "./measure.js";
import { bin, root } from "./site.js";

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A program that runs until `stop`; `first` is the first line it prints. */
export async function startProgram(args, env) {
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let stdout = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  return {
    /** What it has printed, once that matches. */
    async printed(pattern) {
      for (let attempt = 0; attempt < 600; attempt += 1) {
        const match = pattern.exec(stdout);
        if (match !== null) return match;
        await sleep(50);
      }
      throw new Error(`${args[0]} never printed ${pattern}:\n${stdout}`);
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const client = (name, values) =>
  Object.fromEntries(
    Object.entries({ CLIENT_ID: "jitnode", CLIENT_SECRET: "a secret of the figures", ...values }).map(
      ([key, value]) => [`JITNODE_CONTROL_SIGNIN_${name}_${key}`, value],
    ),
  );

/** @returns the control plane's URL and environment, the issuer's URL, a set-up link, and `stop` */
export async function startSignInSite() {
  const folder = mkdtempSync(join(tmpdir(), "jnb-sign-in-"));
  const base = { PATH: process.env.PATH, HOME: folder, LANG: "C.UTF-8" };
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const issuer = await startProgram([join(root, "test/bench/floors/oidc-issuer.js")], base);
  const [, issuerUrl] = await issuer.printed(/^(http:\S+)$/m);
  const environment = {
    ...base,
    JITNODE_CONTROL_LISTEN: `127.0.0.1:${port}`,
    JITNODE_CONTROL_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
    JITNODE_CONTROL_DATA_DIR: folder,
    JITNODE_CONTROL_SIGNUP: "open",
    JITNODE_CONTROL_TRUSTED_PROXIES: "127.0.0.1",
    JITNODE_LOG_LEVEL: "error",
    ...client("HOME", { TYPE: "oidc", ISSUER: issuerUrl }),
    ...client("GOOGLE", { TYPE: "google" }),
    ...client("GITHUB", { TYPE: "github" }),
    ...client("WECHAT", { TYPE: "wechat" }),
    ...client("WORK", { TYPE: "entra", TENANT: "3f6a1c52-8d7e-4b0a-9c1d-2e5f60718293" }),
  };
  const control = await startProgram([bin("jitnode-control"), "serve"], environment);
  for (let attempt = 0; ; attempt += 1) {
    const answer = await fetch(`${url}/health/live`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (attempt > 300) throw new Error("the control plane did not start");
    await sleep(100);
  }
  const link = await runProcess(process.execPath, [bin("jitnode-control"), "setup-link"], { env: environment });
  return {
    folder,
    url,
    environment,
    issuerUrl,
    setupLink: link.stdout.trim(),
    async stop() {
      await control.stop();
      await issuer.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
