// `jitnode dev`
import { exitCodes } from "../../../protocol/exit-codes.js";
import type { Command } from "../../command.js";
export const command: Command = {
  summary: "Run control plane and daemon here, to try out and to develop",
  description: "x",
  examples: [{ line: "jitnode dev", says: "x" }],
  schema: "dev",
  run: () => Promise.resolve(exitCodes.done),
};
