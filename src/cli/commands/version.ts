// `jitnode version`; `jitnode --version` alone is answered earlier, in ../fast.

import { exitCodes } from "../../protocol/exit-codes.js";
import { version } from "../../protocol/versions.js";
import type { Command } from "../command.js";
import { line } from "../output/line.js";

export const command: Command = {
  summary: "Show the version",
  description: "Of jitnode and of the Node.js it runs on.",
  examples: [{ line: "jitnode version", says: "Or jitnode --version" }],
  schema: "version",
  run(context) {
    context.output.result({ version, node: process.versions.node }, () => [
      line`jitnode ${version} (Node.js ${process.versions.node})`,
    ]);
    return Promise.resolve(exitCodes.done);
  },
};
