// `npm run bench`: every figure beside its floor, with machine and versions. `npm run bench -- NAME` runs one of them;
// `--write` keeps the whole result in docs/benchmarks.md.

import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { table } from "./measure.js";
import { root, startSite } from "./site.js";
import { measure as activations } from "./figures/activations.js";
import { measure as atRest } from "./figures/at-rest.js";
import { measure as localApi } from "./figures/local-api.js";
import { measure as pages } from "./figures/pages.js";
import { measure as signIn } from "./figures/sign-in.js";
import { measure as startUp } from "./figures/start-up.js";

// At rest comes first: the daemon is fresh then, as on a server that nobody looks at.
const figures = {
  "at-rest": atRest,
  "start-up": startUp,
  "local-api": localApi,
  activations,
  pages,
  "sign-in": signIn,
};
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const chosen = Object.entries(figures).filter(([name]) => wanted.length === 0 || wanted.includes(name));

const site = await startSite({ JITNODE_CONTROL_TRUSTED_PROXIES: "127.0.0.1" });
const rows = [];
try {
  for (const [name, measure] of chosen) {
    console.error(`measuring ${name} …`);
    rows.push(...(await measure(site)));
  }
} finally {
  await site.stop();
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const machine = `jitnode ${version}, Node.js ${process.versions.node}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${new Date().toISOString().slice(0, 10)}`;
const result = `${machine}\n\n${table(rows)}\n`;
console.log(result);
if (process.argv.includes("--write")) {
  const path = join(root, "docs/benchmarks.md");
  const marker = "<!-- results -->";
  const [head = ""] = readFileSync(path, "utf8").split(marker);
  writeFileSync(path, `${head}${marker}\n\n${result}`);
}
