// Atomic files on a real disk.

import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createFileAtomic, readFileIfThere, writeFileAtomic } from "../../../src/platform/atomic-file.js";

const folder = mkdtempSync(join(tmpdir(), "jn-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("an atomic file", () => {
  it("is replaced whole, with its mode, and leaves nothing behind", async () => {
    const path = join(folder, "a");
    await writeFileAtomic(path, "one");
    await writeFileAtomic(path, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("is made once, however many try", async () => {
    const path = join(folder, "b");
    const made = await Promise.all(Array.from({ length: 10 }, (_, index) => createFileAtomic(path, `${index}`)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(readFileSync(path, "utf8")).toBe(String(made.indexOf(true)));
    expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
  });

  it("that is not there is undefined", async () => {
    expect(await readFileIfThere(join(folder, "none"))).toBeUndefined();
  });
});
