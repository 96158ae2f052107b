// Every file of src and test keeps to the folder order; and the rules that say so can fail.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { violations } from "./rules.js";
import { parseSource } from "./source.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const files = globSync("{src,test}/**/*.ts", { cwd: checkout }).map((path) => path.replaceAll("\\", "/"));

/** The reasons, without place, for a file of that path and text. */
function reasons(path: string, code: string): readonly string[] {
  return violations(parseSource(path, code)).map((found) => found.replace(/^\S+ /, ""));
}

test("the source keeps to the order of its folders", () => {
  expect(files.length).toBeGreaterThan(10);
  const found = files.flatMap((path) => violations(parseSource(path, readFileSync(join(checkout, path), "utf8"))));
  expect(found).toEqual([]);
});

describe("the rules find", () => {
  test.each([
    ["src/domain/a.ts", `import { x } from "../protocol/b.js";`, "domain must not import protocol"],
    ["src/protocol/a.ts", `export * from "../platform/b.js";`, "protocol must not import platform"],
    ["src/platform/a.ts", `export { x } from "../config/b.js";`, "platform must not import config"],
    ["src/client/a.ts", `await import("../directory/b.js");`, "client must not import directory"],
    ["src/apps/a.ts", `type X = import("../cli/b.js").X;`, "apps must not import cli"],
    ["src/daemon/loops/a.ts", `import type { X } from "../../control/b.js";`, "daemon must not import control"],
    ["src/control/a.ts", `import "../daemon/b.js";`, "control must not import daemon"],
    ["src/cli/commands/node/a.ts", `import "../../../daemon/b.js";`, "cli must not import daemon"],
    ["src/cli/a.ts", `import "../directory/b.js";`, "cli must not import directory"],
    ["src/cli/a.ts", `await import(name);`, "an import of a computed path"],
    ["src/cli/a.ts", `import "../../test/support/b.js";`, "test/support/b.js lies outside the folders of src"],
    ["src/other/a.ts", ``, "lies in none of the folders of src"],
    ["src/a.ts", ``, "lies in none of the folders of src"],
    ["src/control/lib/a.ts", ``, "no utils, no lib: name the folder after what it owns"],
    ["test/utils/a.ts", ``, "no utils, no lib: name the folder after what it owns"],
    ["test/emulators/a.ts", `import { x } from "../../src/domain/b.js";`, "emulators import nothing from src"],
    ["src/domain/a.ts", `import { join } from "node:path";`, "domain must not import node:path"],
    ["src/domain/a.ts", `import { Type } from "typebox";`, "domain must not import typebox"],
    [
      "src/daemon/a.ts",
      `import { readFile } from "node:fs/promises";`,
      "node:fs/promises is reached through src/platform",
    ],
    ["src/control/a.ts", `import { isIP, connect } from "node:net";`, "node:net is reached through src/platform"],
    ["src/control/a.ts", `import net from "node:net";`, "node:net is reached through src/platform"],
    ["src/cli/a.ts", `process.getBuiltinModule("node:http");`, "node:http is reached through src/platform"],
    ["src/cli/a.ts", `require("node:child_process");`, "node:child_process is reached through src/platform"],
    ["src/cli/a.ts", `import os from "os";`, "os is in no list of packages (test/arch/rules.ts)"],
    ["src/client/a.ts", `import { fetch } from "undici";`, "undici belongs to src/platform/"],
    ["src/control/services/a.ts", `import type { X } from "kysely";`, "kysely belongs to src/control/store/"],
    ["src/daemon/a.ts", `const x = process.env.HOME;`, "the environment is read in src/config"],
    ["src/daemon/a.ts", `const x = process["env"]["HOME"];`, "the environment is read in src/config"],
    ["src/domain/a.ts", `export let x = 1;`, "module-level state: let"],
    ["src/domain/a.ts", `let x: number;`, "module-level state: let"],
    ["src/domain/a.ts", `const cache = new Map<string, string>();`, "module-level state: an empty collection"],
    ["src/domain/a.ts", `export const list: string[] = [];`, "module-level state: an empty collection"],
  ])("%s: %s", (path, code, reason) => {
    expect(reasons(path, code)).toEqual([reason]);
  });
});

describe("the rules let pass", () => {
  test.each([
    ["src/domain/a.ts", `const a: readonly string[] = []; const b: ReadonlyMap<string, string> = new Map();`],
    ["src/domain/a.ts", `import { createHash } from "node:crypto"; import { x } from "./b.js";`],
    ["src/domain/a.ts", `const words = new Set(["a"]); function f() { let x = 1; return x; }`],
    [
      "src/platform/a.ts",
      `import fs from "node:fs"; import { x } from "../domain/b.js"; const home = process.env.HOME;`,
    ],
    ["src/config/a.ts", `import { isIP } from "node:net"; import { Type } from "typebox";`],
    ["src/cli/a.ts", `await import("./commands/org/list.js"); import { x } from "../client/b.js";`],
    ["src/control/store/a.ts", `import { Kysely } from "kysely"; import type { X } from "../../domain/b.js";`],
    ["src/daemon/a.ts", `import { x } from "../apps/b.js"; import { y } from "./local-api/c.js";`],
    ["test/emulators/a.ts", `import { x } from "../support/b.js"; import fs from "node:fs"; let y = process.env.HOME;`],
    ["test/unit/a.test.ts", `import { x } from "../../src/domain/b.js";`],
  ])("%s: %s", (path, code) => {
    expect(reasons(path, code)).toEqual([]);
  });
});
