// Certificate and key of a control plane that speaks TLS itself, read once at start.

import { readFile } from "node:fs/promises";
import { JitnodeError } from "../protocol/errors.js";
import type { ControlConfig } from "./config.js";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export async function readTlsFiles(config: ControlConfig): Promise<TlsFiles | undefined> {
  if (config.tls === undefined) return undefined;
  return {
    cert: await read("JITNODE_CONTROL_TLS_CERT_FILE", config.tls.certFile),
    key: await read("JITNODE_CONTROL_TLS_KEY_FILE", config.tls.keyFile),
  };
}

async function read(variable: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new JitnodeError("secret_file_unreadable", {
      message: `The file ${file} of ${variable} cannot be read.`,
      hint: "Check its path and permissions.",
      cause,
    });
  }
}
