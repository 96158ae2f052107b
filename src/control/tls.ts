// Certificate and key of a control plane that speaks TLS itself, read once at start.

import { readTextAtStart } from "../platform/atomic-file.js";
import { JitnodeError } from "../protocol/errors.js";
import type { ControlConfig } from "./config.js";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export function readTlsFiles(config: ControlConfig): TlsFiles | undefined {
  if (config.tls === undefined) return undefined;
  return {
    cert: read("JITNODE_CONTROL_TLS_CERT_FILE", config.tls.certFile),
    key: read("JITNODE_CONTROL_TLS_KEY_FILE", config.tls.keyFile),
  };
}

function read(variable: string, file: string): string {
  try {
    return readTextAtStart(file);
  } catch (cause) {
    throw new JitnodeError("secret_file_unreadable", {
      message: `The file ${file} of ${variable} cannot be read.`,
      hint: "Check its path and permissions.",
      cause,
    });
  }
}
