// Runs once before the tests of the image: builds it from what a clean clone holds, so that nothing of this machine gets
// into it. JITNODE_IMAGE names one that is built already.
import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkout } from "../support/checkout.js";
import { makeFolder } from "../support/temporary.js";
import { docker, succeed } from "./docker.js";

const minute = 60_000;

export default async function setup(): Promise<void> {
  const answer = await docker(["version"]).catch((error: unknown) => ({
    code: 127,
    stdout: "",
    stderr: String(error),
  }));
  if (answer.code !== 0) {
    throw new Error(
      `npm run test:image needs a Docker engine, and \`docker version\` did not answer:\n${answer.stderr}\n` +
        "Start one, or set DOCKER_HOST to it.",
    );
  }
  if (process.env["JITNODE_IMAGE"] !== undefined) return;
  const clone = makeFolder();
  try {
    await copyClone(clone.path);
    const tag = "jitnode-test:latest";
    const revision = (await succeed("git", ["rev-parse", "HEAD"], { cwd: checkout() })).trim();
    const version = ["--build-arg", `REVISION=${revision}`];
    await succeed("docker", ["build", "-t", tag, ...version, "."], { cwd: clone.path, timeout: 20 * minute });
    process.env["JITNODE_IMAGE"] = tag;
  } finally {
    clone.remove();
  }
}

/** The files git knows, and new ones it would take: after a commit, exactly a clone. */
export async function copyClone(folder: string): Promise<void> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"];
  const files = (await succeed("git", args, { cwd: checkout() })).split("\0").filter((path) => path !== "");
  for (const path of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(checkout(), path), join(folder, path), { errorOnExist: false, verbatimSymlinks: true });
  }
}
