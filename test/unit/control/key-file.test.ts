// The key file: made once, for its owner alone, never replaced.
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadKeyFile } from "../../../src/control/key-file.js";
import { createRandom } from "../../../src/platform/random.js";
import { temporaryFolder } from "../../support/temporary.js";

const random = createRandom();
const refusal = { code: "secret_file_unreadable" };

describe("the key file", () => {
  test("is made with 32 random bytes, mode 0600, and read again", async () => {
    const path = join(temporaryFolder(), "data", "control.key");
    const made = await loadKeyFile({ path, mayBeMade: true }, random);
    expect(made).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await loadKeyFile({ path, mayBeMade: true }, random)).toEqual(made);
  });

  test("started several times at once, all have the same key", async () => {
    const path = join(temporaryFolder(), "control.key");
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadKeyFile({ path, mayBeMade: true }, random)));
    expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
  });

  test("is not made where it must be given", async () => {
    const path = join(temporaryFolder(), "control.key");
    await expect(loadKeyFile({ path, mayBeMade: false }, random)).rejects.toMatchObject(refusal);
  });

  test("that is of no use is not to be overwritten: its database needs that very key", async () => {
    const path = join(temporaryFolder(), "control.key");
    writeFileSync(path, "half a key", { mode: 0o600 });
    const refused = loadKeyFile({ path, mayBeMade: true }, random);
    await expect(refused).rejects.toMatchObject({ ...refusal, hint: expect.stringContaining("do not overwrite it") });
    await expect(refused).rejects.not.toMatchObject({ hint: expect.stringContaining("openssl") });
  });

  test.each([0o640, 0o604, 0o660])("mode %o is refused", async (mode) => {
    const path = join(temporaryFolder(), "control.key");
    await loadKeyFile({ path, mayBeMade: true }, random);
    chmodSync(path, mode);
    await expect(loadKeyFile({ path, mayBeMade: true }, random)).rejects.toMatchObject(refusal);
  });

  test.each([
    "",
    "too short",
    Buffer.alloc(31).toString("base64"),
    Buffer.alloc(33).toString("base64"),
    "x".repeat(5000),
  ])("content that is no key is refused and left alone (%#)", async (content) => {
    const path = join(temporaryFolder(), "control.key");
    writeFileSync(path, content, { mode: 0o600 });
    await expect(loadKeyFile({ path, mayBeMade: true }, random)).rejects.toMatchObject(refusal);
    expect(readFileSync(path, "utf8")).toBe(content);
  });

  test("the output of `openssl rand -base64 32` is a key, with and without a line end", async () => {
    for (const end of ["", "\n", "\r\n"]) {
      const path = join(temporaryFolder(), "control.key");
      const key = random.bytes(32);
      writeFileSync(path, key.toString("base64") + end, { mode: 0o600 });
      expect(await loadKeyFile({ path, mayBeMade: false }, random)).toEqual(key);
    }
  });

  test("a folder in its place is refused", async () => {
    const path = join(temporaryFolder(), "control.key");
    mkdirSync(path);
    await expect(loadKeyFile({ path, mayBeMade: true }, random)).rejects.toBeInstanceOf(Error);
  });
});
