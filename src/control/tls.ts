// Certificate and key of a control plane that speaks TLS itself: read at start, and again when the files change, so that
// a renewed certificate needs no restart.

import type { SecureContextOptions } from "node:tls";
import { readTextAtStart } from "../platform/atomic-file.js";
import type { Clock } from "../platform/clock.js";
import type { Log } from "../platform/log.js";
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

/** How often the files are looked at, in milliseconds. */
const every = 5_000;

export interface FollowedTls {
  close(): Promise<void>;
}

/** New connections get the new certificate; files that do not fit together, as half-way through a renewal, change nothing. */
export function followTlsFiles(
  { config, clock, log }: { readonly config: ControlConfig; readonly clock: Clock; readonly log: Log },
  used: TlsFiles,
  server: { setSecureContext(options: SecureContextOptions): void },
): FollowedTls {
  const stop = new AbortController();
  let seen = used;
  let trouble = "";
  const look = (): void => {
    const found = readTlsFiles(config);
    if (found === undefined || (found.cert === seen.cert && found.key === seen.key)) return;
    server.setSecureContext({ cert: found.cert, key: found.key });
    seen = found;
    trouble = "";
    log.info("certificate renewed");
  };
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(every, stop.signal);
      if (stop.signal.aborted) return;
      try {
        look();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== trouble) log.warn("certificate not renewed; the old one stays in use", { reason });
        trouble = reason;
      }
    }
  };
  const running = loop();
  return {
    async close() {
      stop.abort();
      await running;
    },
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
