// How long the command line takes to start: `--version` beside `node -e 0`, `status --json` beside a bare script.

import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compareProcesses, median, ms, runProcess, times } from "../measure.js";
import { bin, root } from "../site.js";

const runs = 25;

async function timed(args, env, check = () => undefined) {
  const result = await runProcess(process.execPath, args, { env });
  if (result.code !== 0) throw new Error(`${args.join(" ")} ended with ${result.code}`);
  check(result.stdout);
  return result.ms;
}

export async function measure(site) {
  const env = site.environment;
  const version = await compareProcesses(
    runs,
    () => timed([bin("jitnode"), "--version"], env),
    () => timed(["-e", "0"], env),
  );

  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const isStatus = ajv.compile(JSON.parse(readFileSync(join(root, "schemas/status.json"), "utf8")));
  const check = (stdout) => {
    const answer = JSON.parse(stdout);
    if (!isStatus(answer) || answer.state !== "bound") throw new Error(`not the status of a bound node: ${stdout}`);
  };
  const floor = join(root, "test/bench/floors/bare-status.js");
  const status = await compareProcesses(
    runs,
    () => timed([bin("jitnode"), "status", "--json"], env, check),
    () => timed([floor], env, check),
  );
  return [
    [
      "`jitnode --version`",
      ms(median(version.a)),
      `\`node -e 0\` ${ms(median(version.b))}`,
      times(version.ratio),
      "at most 1.5 ×",
    ],
    [
      "`jitnode status --json`",
      ms(median(status.a)),
      `bare script ${ms(median(status.b))}`,
      times(status.ratio),
      "at most 1.5 ×",
    ],
  ];
}
