// Folders with their parents.
import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolders } from "../../../src/platform/folders.js";
import { temporaryFolder } from "../../support/temporary.js";

test("all that are missing are made, with their mode; the first of them is told", () => {
  const top = temporaryFolder();
  expect(makeFolders(join(top, "a/b/c"), 0o750)).toBe(join(top, "a"));
  expect(statSync(join(top, "a/b/c")).mode & 0o777).toBe(0o750);
  expect(makeFolders(join(top, "a/b/c"), 0o700)).toBeUndefined();
  expect(makeFolders(join(top, "a/b/d"), 0o700)).toBe(join(top, "a/b/d"));
});

test("what cannot be made is an error, and soon: files, dangling links, folders that take no others", () => {
  const top = temporaryFolder();
  writeFileSync(join(top, "file"), "");
  symlinkSync(join(top, "nowhere"), join(top, "link"));
  expect(() => makeFolders(join(top, "file"), 0o700)).toThrow(/EEXIST/);
  expect(() => makeFolders(join(top, "file/below"), 0o700)).toThrow(/ENOTDIR/);
  expect(() => makeFolders(join(top, "link/below"), 0o700)).toThrow();
  expect(existsSync(join(top, "nowhere"))).toBe(false);
  // Node.js's own recursive mkdir never comes back from this one.
  if (existsSync("/proc/self")) expect(() => makeFolders("/proc/x/y", 0o700)).toThrow();
});
