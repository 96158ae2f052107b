// Reads the file that a `…_FILE` variable names.

import { readFileSync } from "node:fs";
import { JitnodeError } from "../protocol/errors.js";

/** Without the line end that editors leave. `variable`: the one that named the file, for the error. */
export function readSecretFile(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new JitnodeError("secret_file_unreadable", { message: `${variable} cannot be read.`, cause });
  }
}
