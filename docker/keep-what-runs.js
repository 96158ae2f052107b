// While the image is built: takes away what installed packages bring along and never run here. A package that is not as
// it was when this was written ends the build.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const sqlite = "node_modules/better-sqlite3";
const binary = `${process.platform}-${process.arch}.node`;
if (!existsSync(join(sqlite, "prebuilds", binary))) throw new Error(`better-sqlite3 has no ${binary}`);
for (const name of readdirSync(join(sqlite, "prebuilds"))) {
  if (name !== binary) rmSync(join(sqlite, "prebuilds", name));
}
for (const part of ["deps", "src", "binding.gyp"]) rmSync(join(sqlite, part), { recursive: true });

/** TypeScript, its declarations and source maps: nothing compiles or debugs against them in the image. */
for (const entry of readdirSync("node_modules", { recursive: true, withFileTypes: true })) {
  if (entry.isFile() && /\.([cm]?ts|[cm]?ts\.map|[cm]?js\.map)$/.test(entry.name)) {
    rmSync(join(entry.parentPath, entry.name));
  }
}
