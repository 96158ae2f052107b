// A real headless Chromium for the figures: the tests' one, unpacked into a folder of its own.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { root } from "./site.js";

const args = ["--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-background-networking", "--no-first-run"];

/** @returns the browser, and `close`, which takes its files away, too */
export async function startBrowser() {
  const folder = mkdtempSync(join(tmpdir(), "jnb-browser-"));
  const env = { PATH: "/usr/bin:/bin", TMPDIR: folder, HOME: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" };
  const program = join(root, "test/support/unpack-browser.ts");
  const unpacked = await promisify(execFile)(process.execPath, [program], { env });
  mkdirSync(join(folder, "tmp"));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = join(folder, "tmp");
  try {
    const browser = await chromium.launch({
      executablePath: unpacked.stdout,
      env: { PATH: env.PATH, HOME: folder, TMPDIR: join(folder, "tmp"), LD_LIBRARY_PATH: join(folder, "al2023/lib") },
      args,
    });
    return {
      browser,
      async close() {
        await browser.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
