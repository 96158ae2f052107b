// Reads the file that a `…_FILE` variable names.

import { readFileSync } from "node:fs";
import { JitnodeError } from "../protocol/errors.js";

/** Without the mark and the line end that editors leave. `variable`: the one that named the file, for the error. */
export function readSecretFile(variable: string, file: string): string {
  const secret = read(variable, file)
    .replace(/^\ufeff/, "")
    .replace(/\r?\n$/, "");
  if (secret.trim() !== "") return secret;
  throw new JitnodeError("setting_invalid", {
    message: `The file that ${variable} names is empty.`,
    hint: `Write the secret into it, or take ${variable} away.`,
  });
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new JitnodeError("secret_file_unreadable", { message: `${variable} cannot be read.`, cause });
  }
}
